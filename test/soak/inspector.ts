import { once } from 'node:events';
import { WebSocket } from 'ws';

/** The lines that Node writes to standard error because of the inspector. */
const LINES = /^(Debugger |For help, see: https:\/\/nodejs\.org|Waiting for the debugger to disconnect)/;

/** Whether a line of standard error is about the inspector. */
export function isInspectorLine(line: string): boolean {
  return LINES.test(line);
}

interface Reply {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number };
}

/**
 * The used heap of a process after a forced collection, in bytes, over the inspector protocol.
 * https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/#method-collectGarbage
 *
 * @param log the lines of its standard error: the process was started with `--inspect=127.0.0.1:0`
 */
export async function heapAfterCollection(log: readonly string[]): Promise<number> {
  const url = log.map((line) => /^Debugger listening on (ws:\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
  if (url === undefined) throw new Error('the process has no inspector');
  const socket = new WebSocket(url);
  await once(socket, 'open');
  try {
    // What a collection finalizes is free for the next one.
    for (let round = 0; round < 3; round += 1) await call(socket, 'HeapProfiler.collectGarbage');
    const { result } = await call(socket, 'Runtime.getHeapUsage');
    return result?.usedSize ?? Number.NaN;
  } finally {
    socket.close();
    await once(socket, 'close');
  }
}

let calls = 0;

async function call(socket: WebSocket, method: string): Promise<Reply> {
  calls += 1;
  const id = calls;
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const take = (text: unknown): void => {
    const reply = JSON.parse(String(text)) as Reply;
    if (reply.id === id) resolve(reply);
  };
  socket.on('message', take);
  socket.send(JSON.stringify({ id, method }));
  return promise.finally(() => socket.off('message', take));
}
