/** The faults of a run. */
export const FAULT_NAMES = [
  'A2E down',
  'A2E answers 503',
  'A2E answers HTML',
  'A2E hangs',
  'A2E limits the rate',
  'A2E refuses the token',
  'Redis hangs',
  'Redis is killed',
  'Redis is flushed',
  "Redis's clock steps",
  'a clock steps',
  'a gateway drains',
  'a gateway is killed',
] as const;

/** The name of a fault that the plan knows, as a violation tells it. */
export type FaultName = (typeof FAULT_NAMES)[number];

/** Why a window is open: a planned fault, or a machine that keeps a process from a core. */
export type WindowCause = FaultName | 'the machine stalls';

/** What the contract allows from the start of a fault until every gateway has recovered. */
export interface FaultRule {
  /** Calls to A2E per task and interval. */
  readonly callsPerInterval: number;
  /** Calls to A2E per task that the whole fault may cost beyond that. */
  readonly moreCalls: number;
  /** Whether a watched task is called again in time, as without a fault. */
  readonly keepsPace: boolean;
  /** The `msg` of log lines of level `warn` and above. */
  readonly lines: readonly string[];
  /** Codes of errors that may answer a query, or end a subscription that has no state yet. */
  readonly codes: readonly string[];
  /**
   * How far the gateway that a client changes to may be behind, where each gateway shows the states of its own polls:
   * an interval, or an interval and the time since the fault began.
   */
  readonly behind: 'nothing' | 'an interval' | 'an interval and the fault';
}

const AWAY = ['A2E fails', 'A2E still fails', 'A2E answers again', 'circuit opened', 'circuit closed'];
const NO_PACE = { moreCalls: 0, keepsPace: false, behind: 'nothing' } as const;
const A2E: FaultRule = { ...NO_PACE, callsPerInterval: 1, lines: AWAY, codes: ['UPSTREAM_UNAVAILABLE'] };
const REDIS: FaultRule = {
  ...NO_PACE,
  // Each of three gateways polls for itself.
  callsPerInterval: 3,
  lines: [
    'redis cannot be reached, polling on our own',
    'redis is away, polling on our own',
    'redis is still away, polling on our own',
  ],
  codes: [],
  behind: 'an interval and the fault',
};
/** A gateway that ends may have called, and published nothing; a Redis that is empty knows of no call. */
const GATEWAY: FaultRule = { ...NO_PACE, callsPerInterval: 2, lines: [], codes: [] };
/** The clock steps twice, and each step may cost one call more: it ends the interval of a claim, and nothing else changes. */
const CLOCK: FaultRule = { ...GATEWAY, callsPerInterval: 1, moreCalls: 2, keepsPace: true };

/** The rule of each fault. Source: README.md, docs/operations.md and docs/clustering.md. */
export const FAULT_RULES: Readonly<Record<WindowCause, FaultRule>> = {
  // A command to Redis times out, so that a gateway polls on its own until the next one.
  'the machine stalls': { ...REDIS, lines: [...REDIS.lines, ...AWAY], codes: A2E.codes, behind: 'an interval' },
  'A2E down': A2E,
  'A2E answers 503': A2E,
  'A2E answers HTML': { ...A2E, codes: ['UPSTREAM_BAD_RESPONSE', 'UPSTREAM_UNAVAILABLE'] },
  'A2E hangs': A2E,
  'A2E limits the rate': {
    ...A2E,
    lines: [...AWAY, 'A2E limits the rate: polling pauses'],
    codes: ['UPSTREAM_RATE_LIMITED', 'UPSTREAM_UNAVAILABLE'],
  },
  'A2E refuses the token': {
    ...A2E,
    lines: [...AWAY, "A2E refuses the gateway's own token: polling pauses until it is accepted again"],
  },
  'Redis hangs': REDIS,
  'Redis is killed': REDIS,
  'Redis is flushed': GATEWAY,
  "Redis's clock steps": CLOCK,
  'a clock steps': CLOCK,
  'a gateway drains': GATEWAY,
  'a gateway is killed': GATEWAY,
};
