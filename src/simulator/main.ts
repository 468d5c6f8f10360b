import { parseArgs } from 'node:util';
import { shutdownSignal } from '../process/shutdown-signal.ts';

/** The first signal ends the simulator; further ones change nothing. The handlers are there before the rest is loaded. */
const signalled = shutdownSignal(process.env['_']);
const { outputOf } = await import('../process/output.ts');
const { DEMO_TASKS } = await import('./demo-tasks.ts');
const { startSimulator } = await import('./simulator.ts');

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    /** Comma-separated, or `*`. */
    tokens: { type: 'string', default: 'demo-token' },
    speed: { type: 'string', default: '1' },
    'latency-ms': { type: 'string', default: '0' },
    /** Every id with this prefix exists and changes with every call. */
    'auto-create': { type: 'string' },
  },
});

const prefix = values['auto-create'];
const simulator = await startSimulator({
  port: Number(values.port),
  host: values.host,
  tokens: values.tokens === '*' ? '*' : values.tokens.split(','),
  speed: Number(values.speed),
  latencyMs: Number(values['latency-ms']),
  autoCreate: (id) => prefix !== undefined && id.startsWith(prefix) && { timeline: 'churn' },
});

const tasks = DEMO_TASKS.map(({ id, description }) => `  ${id.padEnd(24)} ${description}\n`);
outputOf(process.stdout).write(`simulator listening on ${simulator.url}\n${tasks.join('')}`);

await signalled;
await simulator[Symbol.asyncDispose]();
// A process that ends by itself restores the default of each signal before its end: a signal that npm repeats would kill it.
process.exit(0);
