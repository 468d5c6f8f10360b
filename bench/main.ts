import { parseArgs, styleText } from 'node:util';
import { clusterFanOut, redisCommands } from './figures/cluster.ts';
import { distinctTasks, sseFanOut, ssePeers, webSocketFanOut, webSocketPeers } from './figures/fan-out.ts';
import { type Result, round } from './figures/figure.ts';
import { sseMemory, webSocketMemory } from './figures/memory.ts';
import { scraping } from './figures/metrics.ts';
import { pollLateness, pollSmoothness } from './figures/polling.ts';
import { queries } from './figures/queries.ts';
import { growth } from './figures/scale.ts';
import { tracing } from './figures/tracing.ts';

/** Measures every figure, or the figures of `--only NAME`. Prints a table, or with `--json` a line for each. */
const FIGURES = [
  webSocketFanOut,
  sseFanOut,
  webSocketPeers,
  ssePeers,
  distinctTasks,
  webSocketMemory,
  sseMemory,
  scraping,
  tracing,
  growth,
  queries,
  pollLateness,
  pollSmoothness,
  redisCommands,
  clusterFanOut,
];

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
});
const chosen = FIGURES.filter(({ name }) => values.only?.includes(name) ?? true);
if (chosen.length === 0) {
  console.error(`There is no such figure; there are ${FIGURES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

if (!values.json) console.log('| figure | gateway | against | ratio | goal | |\n| --- | --- | --- | --- | --- | --- |');
for (const figure of chosen) {
  for (const result of await figure.run()) {
    print(result);
    if (!result.pass) process.exitCode = 1;
  }
}

function print({ against, ...result }: Result): void {
  if (values.json) return console.log(JSON.stringify(result));
  const { name, value, unit, ratio, goal, pass } = result;
  const verdict = pass ? 'met' : styleText('bold', 'missed');
  const shown = ratio === null ? '' : ratio.toFixed(2);
  console.log(`| ${name} | ${round(value)} ${unit} | ${against} | ${shown} | ${goal} | ${verdict} |`);
}
