// @ts-check

/** @typedef {import('../page-types.js').Operation} Operation */

const FIELDS = /* GraphQL */ `fragment Watched on VideoTask {
  id status rawStatus statusDescription progress message resultUrl createdAt elapsedSeconds
  finished checkedAt nextCheckAt stale stages { status enteredAt leftAt }
}`;
const SUBSCRIPTION = /* GraphQL */ `subscription WatchPage($ids: [ID!]!) { taskStatuses(ids: $ids) { ...Watched } }
${FIELDS}`;
const QUERY = /* GraphQL */ `query WatchPageStates($ids: [ID!]!) { videoTasks(ids: $ids) { ...Watched } }
${FIELDS}`;

/**
 * Subscribes to these tasks.
 * @param {readonly string[]} ids
 * @returns {Operation}
 */
export function subscriptionTo(ids) {
  return { query: SUBSCRIPTION, variables: { ids } };
}

/**
 * Asks for the present states of these tasks.
 * @param {readonly string[]} ids
 * @returns {Operation}
 */
export function queryOf(ids) {
  return { query: QUERY, variables: { ids } };
}
