import { parseArgs } from 'node:util';
import { DEMO_TASKS } from './demo-tasks.ts';
import { startSimulator } from './simulator.ts';

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

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator[Symbol.asyncDispose]());
}

console.log(`simulator listening on ${simulator.url}`);
for (const { id, description } of DEMO_TASKS) console.log(`  ${id.padEnd(24)} ${description}`);
