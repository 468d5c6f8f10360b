import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { connect } from '../support/ws-client.ts';

/**
 * `npm run attack -- [SECONDS] [SOCKETS] [KIND]`: how much a healthy client notices of an attacker, of a kind that
 * `attackers.ts` names. Its updates are timed from the moment A2E is asked (which is when a state becomes known) to the
 * moment they arrive.
 */
const [seconds = 30, sockets = 200] = process.argv.slice(2, 4).map(Number);
const [kind = 'many'] = process.argv.slice(4);
const WARM_UP_MS = 5_000;
/** Clients with a task each, so that there is much to time at the default interval. */
const HEALTHY = 100;

await using simulator = await startSimulator({ autoCreate: (id) => id.startsWith('attacked') });
await using gateway = await GatewayProcess.start({
  A2E_API_URL: simulator.url,
  A2E_API_TOKEN: 'demo-token',
  POLL_INTERVAL_MS: '3000',
  LOG_LEVEL: 'warn',
});
const latencies: number[] = [];
await using clients = new AsyncDisposableStack();
for (let index = 0; index < HEALTHY; index += 1) await watch(`healthy-${index}`);

await pause(WARM_UP_MS);
const calm = await phase();
const attackers = spawn(
  'nice',
  ['-n', '19', process.execPath, `${import.meta.dirname}/attackers.ts`, new URL(gateway.url).port, `${sockets}`, kind],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
  },
);
await pause(WARM_UP_MS);
const attacked = await phase();
attackers.kill('SIGKILL');

const ratio = (a: number, b: number): number => Math.round((a / b) * 100) / 100;
process.stdout.write(
  `${JSON.stringify({ calm, attacked, p99: ratio(attacked.p99Ms, calm.p99Ms), memory: ratio(attacked.memoryMb, calm.memoryMb) })}\n`,
);
process.exit(0);

/** A client that watches a task of its own; every call finds another state of it than the one before. */
async function watch(id: string): Promise<void> {
  simulator.setTask(id, { status: 'process', process: 0 });
  const client = clients.use(await connect(gateway.url));
  client.socket.on('message', (text) => {
    const at = performance.timeOrigin + performance.now();
    const progress = Number(/"progress":(\d+)/.exec(String(text))?.[1] ?? Number.NaN);
    const call = simulator.callsFor(id).findLast((_time, index) => index % 101 === progress);
    if (call !== undefined) latencies.push(at - call);
  });
  client.subscribe('w', `subscription { taskStatus(id: "${id}") { progress } }`);
  void (async () => {
    for (let call = 1; ; call += 1) {
      await simulator.waitForCalls(id, call);
      simulator.setTask(id, { status: 'process', process: call % 101 });
    }
  })();
}

async function phase() {
  latencies.length = 0;
  const startedAt = cpuSeconds();
  let memoryMb = 0;
  for (let second = 0; second < seconds; second += 1) {
    await pause(1_000);
    memoryMb = Math.max(memoryMb, residentMb());
  }
  const sorted = latencies.toSorted((a, b) => a - b);
  const quantile = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100;
  const cpu = Math.round(((cpuSeconds() - startedAt) / seconds) * 100) / 100;
  return { updates: sorted.length, p50Ms: quantile(0.5), p99Ms: quantile(0.99), memoryMb, cpu };
}

/** The resident memory of the gateway, in MB. */
function residentMb(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** The CPU time of the gateway so far, in s. Source: proc(5), fields 14 and 15 in ticks of 10 ms. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${gateway.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
