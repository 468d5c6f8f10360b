import { FAULT_NAMES, type FaultName } from './fault-rules.ts';
import { Random } from './random.ts';

/** A task that starts in a round and ends in it. Times in ms; `at` counts from the start of the round. */
export interface PlannedTask {
  readonly kind: 'task';
  readonly at: number;
  readonly id: string;
  readonly runsForMs: number;
  readonly end: 'success' | 'fail';
}

const TRANSPORTS = ['WebSocket', 'SSE', 'multipart'] as const;
/** The transports of subscriptions. */
export type PlannedTransport = (typeof TRANSPORTS)[number];

const BEHAVIOURS = ['stays', 'stays', 'stays', 'leaves', 'crashes', 'stalls'] as const;
/** `crashes`: the socket is destroyed, and the client connects again. `stalls`: reads nothing for a while. */
export type Behaviour = (typeof BEHAVIOURS)[number];

/** A client that watches one task. `afterMs` is the time from its start to what its behaviour says. */
export interface PlannedClient {
  readonly kind: 'client';
  readonly at: number;
  readonly name: string;
  readonly task: string;
  readonly transport: PlannedTransport;
  readonly behaviour: Behaviour;
  readonly afterMs: number;
}

/** A query for some tasks at once. */
export interface PlannedQuery {
  readonly kind: 'query';
  readonly at: number;
  readonly tasks: readonly string[];
}

const FLOODS = ['unread updates', 'pings', 'connections', 'queries', 'garbage'] as const;
/** What a flood consists of. `unread updates`: a client reads nothing for longer than a gateway waits for it. */
export type Flood = (typeof FLOODS)[number];

/** A flood of requests to one gateway. */
export interface PlannedFlood {
  readonly kind: 'flood';
  readonly at: number;
  readonly flood: Flood;
  readonly times: number;
}

/** A fault that begins at `at` and is taken back after `forMs`. */
export interface PlannedFault {
  readonly kind: 'fault';
  readonly at: number;
  readonly fault: FaultName;
  readonly forMs: number;
  /** Which of the gateways it hits, where it hits one. */
  readonly gateway: number;
  /** By how many seconds a clock steps. */
  readonly stepSeconds: number;
}

/** An event of a round. */
export type PlannedEvent = PlannedTask | PlannedClient | PlannedQuery | PlannedFlood | PlannedFault;

/** One round: its events in the order of time. At its end all tasks have finished, and all clients leave. */
export interface Round {
  readonly index: number;
  readonly events: readonly PlannedEvent[];
}

/** The whole plan of a run: pure data, the same for the same options. */
export interface Plan {
  readonly seed: number;
  readonly rounds: readonly Round[];
}

/** The options of {@link planSoak}. */
export interface PlanOptions {
  readonly seed: number;
  readonly minutes: number;
}

/** The planned length of a round, in ms. A rest follows, until the tasks and clients of the round have ended. */
const ROUND_MS = 48_000;
/** The time that is planned for a round and its rest, in ms. */
export const ROUND_AND_REST_MS = 60_000;
const TASKS = 8;
const CLIENTS = 30;
const QUERIES = 20;
/** A flood of unread updates is refused some 25 s later. */
const LAST_FLOOD_MS = 20_000;
const FAULT_STARTS: readonly number[] = [6_000, 27_000];

/** Plans a run from its seed. */
export function planSoak({ seed, minutes }: PlanOptions): Plan {
  const random = new Random(seed);
  const count = Math.max(1, Math.round((minutes * 60_000) / ROUND_AND_REST_MS));
  const faults = dealFaults(random, count * FAULT_STARTS.length);
  const rounds = Array.from({ length: count }, (_, index) => planRound(random, index, faults));
  return { seed, rounds };
}

/** Every fault comes once before any comes again. */
function dealFaults(random: Random, count: number): FaultName[] {
  const faults: FaultName[] = [];
  while (faults.length < count) faults.push(...random.shuffled(FAULT_NAMES));
  return faults;
}

function planRound(random: Random, index: number, faults: readonly FaultName[]): Round {
  const tasks = Array.from({ length: TASKS }, (_, number) => planTask(random, `soak-${index}-${number}`));
  const clients = Array.from({ length: CLIENTS }, (_, number) =>
    planClient(random, `client-${index}-${number}`, tasks),
  );
  const queries = Array.from({ length: QUERIES }, () => planQuery(random, tasks));
  // In turn, so that two minutes have two that are refused.
  const flood: PlannedFlood = {
    kind: 'flood',
    at: random.integer(2_000, LAST_FLOOD_MS),
    flood: FLOODS[index % FLOODS.length] ?? 'pings',
    times: random.integer(150, 250),
  };
  const planned = FAULT_STARTS.map((at, number) => {
    const fault = faults[index * FAULT_STARTS.length + number] ?? FAULT_NAMES[0];
    return planFault(random, at, fault);
  });
  const events = [...tasks, ...clients, ...queries, flood, ...planned];
  return { index, events: events.toSorted((a, b) => a.at - b.at) };
}

function planTask(random: Random, id: string): PlannedTask {
  const at = random.integer(0, 24_000);
  const runsForMs = random.integer(6_000, ROUND_MS - 4_000 - at);
  return { kind: 'task', at, id, runsForMs, end: random.next() < 0.8 ? 'success' : 'fail' };
}

function planClient(random: Random, name: string, tasks: readonly PlannedTask[]): PlannedClient {
  const task = tasks[random.integer(0, tasks.length - 1)];
  return {
    kind: 'client',
    // Some come after the end of the task.
    at: (task?.at ?? 0) + random.integer(100, 15_000),
    name,
    task: task?.id ?? '',
    transport: random.pick(TRANSPORTS),
    behaviour: random.pick(BEHAVIOURS),
    afterMs: random.integer(500, 8_000),
  };
}

function planQuery(random: Random, tasks: readonly PlannedTask[]): PlannedQuery {
  const at = random.integer(1_000, ROUND_MS - 2_000);
  const begun = tasks.filter((task) => task.at < at).map(({ id }) => id);
  return { kind: 'query', at, tasks: random.shuffled(begun).slice(0, random.integer(1, 4)) };
}

function planFault(random: Random, at: number, fault: FaultName): PlannedFault {
  return {
    kind: 'fault',
    at: at + random.integer(0, 2_000),
    fault,
    forMs: random.integer(1_500, 5_000),
    // The first gateway lives for the whole run.
    gateway: random.integer(fault === 'a clock steps' ? 0 : 1, 2),
    stepSeconds: random.pick([-3_600, -20, 20, 600, 3_600]),
  };
}
