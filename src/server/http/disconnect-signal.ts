import type { ServerResponse } from 'node:http';

/** Aborts when the client goes before it has its answer. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const departure = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) departure.abort();
  });
  if (response.destroyed) departure.abort();
  return departure.signal;
}
