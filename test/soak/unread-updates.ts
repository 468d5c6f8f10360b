import { connect, tcpOf } from '../support/ws-client.ts';
import type { FloodSurroundings } from './floods.ts';

/** Together with the aliases some 3.6 MB per update, so that a few updates fill the buffers of the sockets. */
const MESSAGE_LENGTH = 4_000;
const ALIASES = Array.from({ length: 15 }, (_, index) => `m${index}: message`).join(' ');
const SUBSCRIPTIONS = 60;
const UPDATE_MS = 500;

let clients = 0;

/** A client that subscribes to more than the buffers hold, and reads nothing from then on. */
export async function neverRead(gatewayUrl: string, { setTask, removeTask }: FloodSurroundings): Promise<Disposable> {
  const id = `unread-${clients++}`;
  let updates = 0;
  const update = (): void => setTask(id, `${updates++}`.padEnd(MESSAGE_LENGTH, 'x'));
  update();
  const client = await connect(gatewayUrl);
  for (let number = 0; number < SUBSCRIPTIONS; number += 1)
    client.subscribe(`${number}`, `subscription { taskStatus(id: "${id}") { ${ALIASES} } }`);
  tcpOf(client.socket).pause();
  const timer = setInterval(update, UPDATE_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      client.socket.terminate();
      removeTask(id);
    },
  };
}
