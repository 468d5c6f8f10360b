// @ts-check

/**
 * @typedef {import('../page-types.js').Operation} Operation
 * @typedef {import('../page-types.js').Refusal} Refusal
 */

/**
 * Sends one operation over HTTP.
 * @param {Operation} operation
 * @param {string} accept the media type of the response
 * @param {string | null} token
 * @param {AbortSignal} signal
 */
export function post(operation, accept, token, signal) {
  return fetch(new URL('graphql', document.baseURI), {
    method: 'POST',
    headers: {
      accept,
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(operation),
    cache: 'no-store',
    signal,
  });
}

/** @param {Response} response @param {string} type its media type */
export function isOf(response, type) {
  return response.ok && (response.headers.get('content-type') ?? '').startsWith(type);
}

/**
 * @param {Response} response
 * @returns {Promise<Refusal>}
 */
export async function refusalOf(response) {
  const seconds = Number(response.headers.get('retry-after'));
  const body = await response.json().catch(() => null);
  return {
    status: response.status,
    code: body?.errors?.[0]?.extensions?.code ?? null,
    retryAfterMs: seconds > 0 ? seconds * 1000 : 0,
  };
}
