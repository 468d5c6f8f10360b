// @ts-check

/** @typedef {{ key: string, name: string }} Line */
/** @typedef {{ id: string, title: string, unit: string, lines: Line[], least?: number }} Series `least`: the axis reaches it */

/** The charts in their order. @type {readonly Series[]} */
export const SERIES = [
  {
    id: 'calls',
    title: 'Calls to A2E',
    unit: 'per second',
    lines: [
      { key: 'saved', name: 'saved' },
      { key: 'calls', name: 'made' },
      { key: 'failed', name: 'failed' },
    ],
  },
  { id: 'viewers', title: 'Viewers', unit: 'subscriptions', lines: [{ key: 'viewers', name: 'open' }] },
  { id: 'updates', title: 'Updates delivered', unit: 'per second', lines: [{ key: 'delivered', name: 'to clients' }] },
  {
    id: 'lateness',
    title: 'Poll lateness',
    unit: 'ms',
    least: 10,
    lines: [
      { key: 'p50', name: 'median' },
      { key: 'p99', name: '99th percentile' },
    ],
  },
  {
    id: 'tasks',
    title: 'Tasks',
    unit: 'tasks',
    lines: [
      { key: 'watched', name: 'watched' },
      { key: 'stale', name: 'stale' },
    ],
  },
  { id: 'refused', title: 'Refusals', unit: 'per second', lines: [{ key: 'refused', name: 'refused' }] },
  {
    id: 'circuits',
    title: 'Circuits',
    unit: 'tokens',
    lines: [
      { key: 'circuitsOpen', name: 'open' },
      { key: 'circuitsRefused', name: 'token refused' },
      { key: 'circuitsPaused', name: 'paused' },
    ],
  },
  { id: 'redis', title: 'Redis', unit: '% of the time', least: 100, lines: [{ key: 'redisAway', name: 'away' }] },
  { id: 'budget', title: 'Budget towards A2E', unit: '%', least: 100, lines: [{ key: 'budget', name: 'used' }] },
  { id: 'lag', title: 'Event-loop lag', unit: 'ms', least: 10, lines: [{ key: 'lag', name: '99th percentile' }] },
  { id: 'heap', title: 'Heap', unit: 'MiB', least: 10, lines: [{ key: 'heap', name: 'in use' }] },
];
