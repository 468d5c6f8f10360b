import { type Edge, fuzzEdge } from './fuzz-edge.ts';

/** `npm run fuzz -- [INPUTS] [SEED] [EDGE]`: the long run, 100,000 inputs for each edge unless told otherwise. */
const [inputs = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2, 4).map(Number);
const only = process.argv[4];

let sound = true;
for (const edge of ['websocket', 'http'] satisfies Edge[]) {
  if (only !== undefined && only !== edge) continue;
  const startedAt = performance.now();
  const report = await fuzzEdge({
    edge,
    inputs,
    seed,
    onProgress: (done) => {
      if (done % 10_000 === 0) process.stderr.write(`${edge}: ${done}\n`);
    },
  });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${edge}: ${JSON.stringify({ ...report, seconds })}\n`);
  const left = Object.values(report.left).some((count) => count !== 0);
  if (left || report.unexpected.length > 0) sound = false;
}
process.exit(sound ? 0 : 1);
