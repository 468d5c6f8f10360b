import { once } from 'node:events';
import { SCENARIOS } from './scenarios.ts';

/** `node test/security/attackers.ts PORT SCENARIO`: the clients of one scenario, from the first input until the input ends. */
const [port = '', name = ''] = process.argv.slice(2);
const scenario = SCENARIOS[name];
if (!scenario) throw new Error(`there is no scenario ${name}`);
// An attack does not outlive the process that has started it, however that one ends.
process.stdin.once('end', () => process.exit());
await once(process.stdin, 'data');
await Promise.all(Array.from({ length: scenario.clients }, (_, index) => scenario.attack(Number(port), index)));
