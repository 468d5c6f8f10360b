import type { ServerResponse } from 'node:http';

/** Aborts when the client goes before it has its answer. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const disconnect = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) disconnect.abort();
  });
  if (response.destroyed) disconnect.abort();
  return disconnect.signal;
}
