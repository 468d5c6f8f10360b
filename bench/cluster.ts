import { cpuPerUpdate, redisCost } from './cluster-costs.ts';

/** Prints what a cluster costs: `node bench/cluster.ts`. Fails when it costs more than it may. */
const ROUNDS = 3;

const { polls, perPoll, commands } = await redisCost();
const names = [...commands].map(([name, count]) => `${name} ${count}`).join(', ');
console.log(`Redis commands per poll, three gateways watching: ${perPoll.toFixed(2)} (${polls} polls: ${names})`);

const one: number[] = [];
const three: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  one.push(await cpuPerUpdate(1));
  three.push(await cpuPerUpdate(3));
}
const [single, triple] = [median(one), median(three)];
const ratio = triple / single;
console.log(`CPU per delivered update: ${single.toFixed(1)} µs on one gateway, ${triple.toFixed(1)} µs on three`);
console.log(`three gateways / one: ${ratio.toFixed(2)}`);
if (perPoll > 3 || ratio > 1.25) process.exitCode = 1;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
