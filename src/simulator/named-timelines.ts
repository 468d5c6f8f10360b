import type { Phase, Script } from './timeline.ts';

/** Queueing, as every task begins. */
const QUEUE: readonly Phase[] = [
  { status: 'init', forMs: 3_000 },
  { status: 'start', forMs: 3_000 },
  { status: 'pending', forMs: 6_000 },
];
const SAVE: readonly Phase[] = [{ status: 'copy', forMs: 4_000 }, { status: 'success' }];
const BAD_GATEWAY: Phase = { fault: { kind: 'html', status: 502 }, forCalls: 1 };

function processing(from: number, to: number, forMs: number): Phase {
  return { status: 'process', progress: [from, to], forMs };
}

/** The scripts that have a name. Durations are those at speed 1, where a success takes 36 s. */
export const NAMED_TIMELINES = {
  /** Every stage in turn, then the video. */
  success: { phases: [...QUEUE, processing(0, 99, 20_000), ...SAVE] },
  /** As far as 60 %, then an algorithm error. */
  fail: {
    phases: [...QUEUE, processing(0, 60, 12_000), { status: 'fail', progress: 60, msg: 'Face not detected' }],
  },
  /** A quarter of an hour of processing. */
  slow: { phases: [...QUEUE, processing(0, 99, 900_000), ...SAVE] },
  /** In the algorithm queue for ever. */
  queued: { phases: [...QUEUE.slice(0, 2), { status: 'pending' }] },
  /** At 42 % for ever. */
  stuck: { phases: [...QUEUE, processing(0, 42, 8_000), { status: 'process', progress: 42 }] },
  /** Progress changes with every call, for ever. */
  churn: { phases: [{ status: 'process', progress: [0, 99], forCalls: 100 }], repeat: true },
  /** A status word that is not documented, then success. */
  unknown: {
    phases: [...QUEUE, { status: 'rendering', progress: 30, forMs: 12_000 }, processing(50, 99, 10_000), ...SAVE],
  },
  /** Put back into the queue from 50 %, then a second, successful run. */
  backwards: {
    phases: [
      ...QUEUE,
      processing(0, 50, 8_000),
      { status: 'pending', forMs: 6_000 },
      processing(0, 99, 12_000),
      ...SAVE,
    ],
  },
  /** A single bad gateway every few seconds on the way to success. */
  flaky: {
    phases: [...QUEUE, ...[0, 20, 40, 60, 80].flatMap((at) => [processing(at, at + 19, 6_000), BAD_GATEWAY]), ...SAVE],
  },
  /** Three failing calls in a row, half-way to success. */
  outage: {
    phases: [...QUEUE, processing(0, 50, 8_000), { ...BAD_GATEWAY, forCalls: 3 }, processing(51, 99, 8_000), ...SAVE],
  },
  /** Not readable for its first two calls, as a task just created may be. */
  late: { phases: [{ fault: { kind: 'empty' }, forCalls: 2 }, ...QUEUE, processing(0, 99, 12_000), ...SAVE] },
  /** Values no client should trust: strings for numbers, out of range, script URLs, extra keys. */
  weird: {
    phases: [
      { status: 'init', forMs: 3_000, row: { createdAt: 'yesterday', web_bg_width: '1920', web_bg_height: 1e12 } },
      { status: 'process', forMs: 6_000, progress: 50, row: { process: '50', diff_s: 'many', anchor_type: 0 } },
      { status: 'process', forMs: 6_000, progress: 150, row: { msg: null, color: 7, current_date: 'now', extra: [] } },
      { status: 'success', row: { result_people_url: 'javascript:alert(1)', result_bg_url: 'data:text/html,x' } },
    ],
  },
  /** Finished from the start. */
  finished: { phases: [{ status: 'success' }] },
} as const satisfies Record<string, Script>;

export type NamedTimeline = keyof typeof NAMED_TIMELINES;

/** A script by its name, a bare list of phases, or a script. Unknown names throw a `RangeError` naming the known ones. */
export function scriptOf(timeline: NamedTimeline | readonly Phase[] | Script): Script {
  if (typeof timeline !== 'string') return 'phases' in timeline ? timeline : { phases: timeline };
  if (Object.hasOwn(NAMED_TIMELINES, timeline)) return NAMED_TIMELINES[timeline];
  throw new RangeError(`no timeline ${timeline}; there are ${Object.keys(NAMED_TIMELINES).join(', ')}`);
}
