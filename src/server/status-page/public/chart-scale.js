// @ts-check

/** @typedef {{ at: number } & Record<string, number | null>} Point */

/** The size of the drawing; the page stretches it. */
export const WIDTH = 600;
export const HEIGHT = 100;

const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The next round number: the top of an axis. @param {number} value */
export function niceCeiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((candidate) => candidate * power >= value) ?? 10;
  return step * power;
}

/**
 * The path of one line, with a gap where values or samples are missing. Times are seconds; the newest point is at the right.
 * @param {readonly Point[]} points
 * @param {string} key
 * @param {{ top: number, spanSeconds: number, every: number }} scale
 */
export function pathOf(points, key, { top, spanSeconds, every }) {
  const newest = points.at(-1)?.at ?? 0;
  let path = '';
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    const value = point[key];
    if (value === null || value === undefined || newest - point.at > spanSeconds) continue;
    const x = WIDTH * (1 - (newest - point.at) / spanSeconds);
    const y = HEIGHT * (1 - Math.min(value / top, 1));
    const step = point.at - lastAt > 3 * every ? 'M' : 'L';
    // A line of no length shows a lonely point, because its ends are round.
    path += `${step}${x.toFixed(1)} ${y.toFixed(1)}${step === 'M' ? 'h0' : ''}`;
    lastAt = point.at;
  }
  return path;
}

/** The means of each minute, the newest first. @param {readonly Point[]} points @param {readonly string[]} keys */
export function byMinute(points, keys) {
  const newest = points.at(-1)?.at ?? 0;
  /** @type {Point[][]} */
  const minutes = [];
  for (const point of points) {
    const age = Math.floor((newest - point.at) / 60);
    minutes[age] = [...(minutes[age] ?? []), point];
  }
  return [...minutes].map((group = [], age) => ({ age, means: keys.map((key) => meanOf(group, key)) }));
}

/** @param {readonly Point[]} points @param {string} key */
function meanOf(points, key) {
  const values = points.map((point) => point[key]).filter((value) => typeof value === 'number');
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
