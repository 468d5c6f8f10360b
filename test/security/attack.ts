import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { DEPLOYED, GatewayProcess } from '../support/gateway-process.ts';
import { ask, post } from '../support/http-client.ts';
import { AttackedA2e, GOOD_TOKEN } from './attacked-a2e.ts';
import { type Figures, type Goal, goalsOf, type Round } from './goals.ts';
import { HealthyClients } from './healthy-clients.ts';
import { residentKib } from './resident-memory.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { TICKET_SECRET, ticket } from './ticket.ts';

/**
 * `npm run attack -- [SECONDS] [SCENARIO…]`: how much healthy clients notice of each attack in `scenarios.ts`, on a
 * gateway with a heap of 512 MiB. Exits with 1 when a goal is missed.
 *
 * Calm is the same gateway with its healthy clients, without attackers: 100 clients watch a task each, after a warm-up in
 * which the gateway has also answered ordinary queries. By then V8 has compiled the frequent code and has run its first
 * full collections. Calm and attacked phases of SECONDS each alternate, so that other load of the machine counts for
 * both. Calm memory is the peak of the first calm phase, because V8 gives memory back late.
 */
const [secondsText = '3', ...names] = process.argv.slice(2);
const SECONDS = Number(secondsText);
const ROUNDS = 3;
const INTERVAL_MS = 500;
const CALM_QUERIES = 50;
const WARM_UP_MS = 3_000;
/** After an attacked phase, until the gateway has answered the attackers' last requests. */
const SETTLE_MS = 1_500;
const SAMPLE_MS = 200;
const HEALTH_TIMEOUT_MS = 5_000;
const LOOK = 'query($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';

let missed = 0;
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const goals = await run(name, scenario);
  missed += goals.filter(({ isMet }) => !isMet).length;
  const figures = goals.map(({ text, isMet }) => `${text} ${isMet ? 'met' : 'MISSED'}`).join(' · ');
  process.stdout.write(`${name}: ${figures}\n    ${scenario.does}\n`);
}
process.exit(missed === 0 ? 0 : 1);

async function run(name: string, { authMode }: Scenario): Promise<readonly Goal[]> {
  await using a2e = await AttackedA2e.start();
  await using gateway = await GatewayProcess.start(
    {
      A2E_API_URL: a2e.url,
      ...(authMode === 'passthrough' ? {} : { A2E_API_TOKEN: GOOD_TOKEN }),
      AUTH_MODE: authMode,
      ...(authMode === 'jwt' ? { AUTH_JWT_SECRET: TICKET_SECRET } : {}),
      POLL_INTERVAL_MS: `${INTERVAL_MS}`,
      LOG_LEVEL: 'error',
      NODE_OPTIONS: '--max-old-space-size=512',
    },
    DEPLOYED,
  );
  const token = { open: null, passthrough: GOOD_TOKEN, jwt: await ticket('healthy') }[authMode];
  const authorization = token === null ? null : `Bearer ${token}`;
  await using clients = await HealthyClients.start(gateway.url, authorization);
  const attackers = startAttackers(gateway.url, name);
  for (let query = 0; query < CALM_QUERIES; query += 1) {
    const variables = { ids: Array.from({ length: 100 }, (_, index) => `calm-${query}-${index}`) };
    await post(gateway.url, LOOK, { variables, headers: authorization === null ? {} : { authorization } });
  }
  await pause(WARM_UP_MS);
  clients.take();
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) {
    const calm = await measure(gateway, clients);
    if (rounds.length === 0) attackers.stdin?.write('go\n');
    else attackers.kill('SIGCONT');
    const attacked = await measure(gateway, clients);
    attackers.kill('SIGSTOP');
    rounds.push({ calm, attacked });
    await pause(SETTLE_MS);
    clients.take();
  }
  attackers.kill('SIGKILL');
  return goalsOf(rounds, INTERVAL_MS);
}

/** Starts the attackers, which wait for input: the start of their process is no part of a phase. */
function startAttackers(gatewayUrl: string, name: string): ChildProcess {
  const program = [process.execPath, `${import.meta.dirname}/attackers.ts`, new URL(gatewayUrl).port, name];
  return spawn('nice', ['-n', '19', ...program], { stdio: ['pipe', 'ignore', 'inherit'] });
}

/** The figures of a gateway and its healthy clients over some seconds. */
async function measure(gateway: GatewayProcess, clients: HealthyClients): Promise<Figures> {
  const endsAt = performance.now() + SECONDS * 1_000;
  let memoryKib = 0;
  let healthMs = 0;
  let isAlive = true;
  void gateway.exited.then(() => {
    isAlive = false;
  });
  while (isAlive && performance.now() < endsAt) {
    healthMs = Math.max(healthMs, await timeHealth(gateway.url));
    if (isAlive) memoryKib = Math.max(memoryKib, residentKib(gateway.pid));
    await pause(SAMPLE_MS);
  }
  return { isAlive, memoryMb: memoryKib / 1_024, healthMs, updates: clients.take() };
}

/** How long `/healthz` takes on a new connection, in ms; Infinity: it fails. */
async function timeHealth(gatewayUrl: string): Promise<number> {
  const startedAt = performance.now();
  const failed = { status: 0 };
  const { status } = await Promise.race([
    ask(`${gatewayUrl}/healthz`).catch(() => failed),
    pause(HEALTH_TIMEOUT_MS, failed, { ref: false }),
  ]);
  return status === 200 ? performance.now() - startedAt : Number.POSITIVE_INFINITY;
}
