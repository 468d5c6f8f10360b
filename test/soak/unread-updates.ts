import { setTimeout as delay } from 'node:timers/promises';
import { connect, tcpOf } from '../support/ws-client.ts';
import { askQuery } from './ask-query.ts';
import type { FloodSurroundings } from './floods.ts';

/** Together with the aliases some 3.6 MB per update, so that a few updates fill the buffers of the sockets. */
const MESSAGE_LENGTH = 4_000;
const ALIASES = Array.from({ length: 15 }, (_, index) => `m${index}: message`).join(' ');
const SUBSCRIPTIONS = 60;
const UPDATE_MS = 500;
/** Longer than any fault, and than the polling needs to recover from it. */
const KNOWN_WITHIN_MS = 60_000;

let clients = 0;

/**
 * A client that subscribes to more than the buffers hold, and reads nothing from then on. The gateway has the task's state
 * before: while A2E refuses the token, a subscription to a task without a state would end with an error.
 */
export async function neverRead(gatewayUrl: string, surroundings: FloodSurroundings): Promise<Disposable> {
  const { setTask, removeTask } = surroundings;
  const id = `unread-${clients++}`;
  let updates = 0;
  const update = (): void => setTask(id, `${updates++}`.padEnd(MESSAGE_LENGTH, 'x'));
  update();
  await untilKnown(gatewayUrl, id, surroundings);
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

async function untilKnown(gatewayUrl: string, id: string, { elapsedSince }: FloodSurroundings): Promise<void> {
  const from = performance.now();
  while ((await askQuery(gatewayUrl, [id])).kind !== 'answered' && elapsedSince(from) < KNOWN_WITHIN_MS)
    await delay(UPDATE_MS);
}
