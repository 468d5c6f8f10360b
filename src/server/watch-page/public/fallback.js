// @ts-check
import { subscriptionTo } from './operations.js';
import { pause } from './pause.js';
import { followStream } from './stream.js';
import { takeStreamPlace } from './stream-place.js';

/** The poll interval of the gateway, unless configured otherwise. */
const QUERY_EVERY_MS = 3000;
/** The queries before a tab tries a WebSocket again: about a minute. */
const QUERIES = 20;

/**
 * Follows tasks where a WebSocket cannot be opened, as behind a proxy that refuses upgrades. A few tabs of the browser
 * hold a stream each. The other tabs send a query every few seconds until a tab releases its stream: that costs no call
 * to A2E for a task that a stream follows, and a short response leaves its connection to the next request.
 *
 * @param {import('./states.js').StateReader} reader
 * @returns {Promise<import('../page-types.js').Outcome | null>} null: it is time to try a WebSocket again
 */
export async function followOverHttp(reader) {
  const { ids, token, listener, signal } = reader;
  for (let query = 0; query < QUERIES && !signal.aborted; query += 1) {
    const release = await takeStreamPlace();
    if (release !== null) return followStream(subscriptionTo(ids), token, listener, signal).finally(release);
    const outcome = await reader.read();
    if (outcome !== null) return outcome;
    await pause(QUERY_EVERY_MS, signal);
  }
  return null;
}
