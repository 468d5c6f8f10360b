// @ts-check

/**
 * The tabs of one browser that may hold a stream at the same time, one for each lock. Browsers allow six HTTP/1.1
 * connections per origin for all tabs together, and the other three load pages and answer queries.
 */
const LOCKS = ['video-task-stream-1', 'video-task-stream-2', 'video-task-stream-3'];

/**
 * Takes a place for a stream, which is free again when the tab closes, however that happens.
 * @returns {Promise<(() => void) | null>} releases the place; null: other tabs hold all of them, or the browser has no
 *   Web Locks, as over plain HTTP from another machine
 */
export async function takeStreamPlace() {
  for (const name of LOCKS) {
    const release = await takeLock(name);
    if (release !== null) return release;
  }
  return null;
}

/**
 * @param {string} name
 * @returns {Promise<(() => void) | null>}
 */
async function takeLock(name) {
  if (navigator.locks === undefined) return null;
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null);
      return new Promise((release) => resolve(() => release(undefined)));
    });
    held.catch(() => resolve(null));
  });
}
