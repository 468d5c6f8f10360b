import type { StatusReading } from '../../../src/observability/status/status-reading.ts';

const HEALTHY: StatusReading = {
  at: 0,
  calls: {},
  lateness: [],
  saved: 0,
  delivered: 0,
  conflated: 0,
  stalled: 0,
  refusals: {},
  redisAwayMs: 0,
  droppedLogLines: 0,
  watched: 10,
  stale: 0,
  waitingReads: 0,
  subscriptions: { websocket: 20, sse: 5, multipart: 0 },
  connections: { websocket: 10, sse: 5, multipart: 0 },
  circuits: { closed: 1, open: 0, paused: 0, refused: 0 },
  nextCallMs: null,
  delayMs: 0,
  permits: 2,
  maxPermits: 64,
  maxRps: null,
  readiness: { ready: true, phase: 'ready', upstream: 'ok', cluster: 'connected' },
  lagMs: 1,
  heapBytes: 50 * 1024 * 1024,
  heapLimitBytes: 4_000 * 1024 * 1024,
};

/** A reading of a healthy gateway, `seconds` after the start, with some values replaced. */
export function readingAt(seconds: number, values: Partial<StatusReading> = {}): StatusReading {
  return { ...HEALTHY, at: seconds * 1000, ...values };
}
