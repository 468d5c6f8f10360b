import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { clientFrame, HANDSHAKE } from '../support/hostile-socket.ts';
import { fatPongs, fatSubscriptions, manySubscriptions } from './floods.ts';
import { pipelinedPosts } from './pipelined-posts.ts';
import { ticket } from './ticket.ts';

const AGAIN_MS = 1_000;
/** An attack that costs the attacker one small request is made this often. */
const QUICKLY_MS = 50;
const IDS = 100;
const LIVE_SUBSCRIPTIONS = 1_573;
const PER_SOCKET = 100;

/** Asks for one id that A2E answers with 403, then for the next one. */
export async function single(port: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    await post(port, `{ videoTask(id: "forbidden-${round}") { id } }`);
    await pause(QUICKLY_MS);
  }
}

/** Subscribes to 100 ids of a kind that A2E fails to answer, every second to 100 new ones. */
export function failingIds(kind: 'failing' | 'silent'): (port: number) => Promise<never> {
  return async (port) => {
    for (;;) {
      const socket = openSocket(port);
      for (let round = 0; round < PER_SOCKET && !socket.destroyed; round += 1) {
        socket.write(subscribe(`${round}`, `subscription { taskStatuses(ids: ${list(kind, round)}) { id } }`));
        await pause(AGAIN_MS);
      }
      socket.destroy();
    }
  };
}

/** Pipelines 1,500 POSTs of 100 ids each with invented tokens, and reconnects once the gateway has closed. */
export async function pipelined(port: number): Promise<never> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    while (!socket.destroyed) {
      if (!socket.write(pipelinedPosts()))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    }
  }
}

/** Keeps 1,573 subscriptions with documents of their own alive, on as few sockets as that takes. */
export async function manyDocuments(port: number): Promise<never> {
  const authorization = `Bearer ${await ticket()}`;
  for (let from = 0; from < LIVE_SUBSCRIPTIONS; from += PER_SOCKET) {
    const socket = openSocket(port, authorization);
    for (let index = from; index < Math.min(from + PER_SOCKET, LIVE_SUBSCRIPTIONS); index += 1) {
      socket.write(subscribe(`${index}`, `subscription{taskStatus(id:"attacked-${index}"){${LONG_SELECTION}}}`));
      await pause(2);
    }
  }
  return pause(2 ** 31 - 1) as Promise<never>;
}

/** 1,400 ids in one operation of 6.8 KB, and a field beside them that does not execute. */
export async function decoy(port: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const fields = Array.from({ length: 14 }, (_, field) => `a${field}: videoTasks(ids: $i${field}) { id }`);
    const declared = fields.map((_, field) => `$i${field}: [ID!]!`).join(' ');
    const skipped = 'decoy: videoTasks(ids: $big) @skip(if: true) { id }';
    const lists = fields.map((_, field) => [`i${field}`, ids(`${round}-${field}`)]);
    await post(port, `query($big: [ID!]! ${declared}) { ${skipped} ${fields.join(' ')} }`, {
      variables: { ...Object.fromEntries(lists), big: ids('big') },
    });
    await pause(QUICKLY_MS);
  }
}

/** Asks for 100 ids with one invented token, then for 100 new ones. */
export async function inventedToken(port: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    await post(port, `{ videoTasks(ids: ${list('new', round)}) { id } }`, { authorization: 'Bearer invented' });
    await pause(QUICKLY_MS);
  }
}

/** One frame of the same fields, 235 times, on a new socket every second. */
export async function repeatedFields(port: number, index: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const socket = openSocket(port);
    const selection = 'stages{status}'.repeat(235);
    socket.write(subscribe('1', `subscription{taskStatus(id:"attacked-${index}-${round}"){${selection}}}`));
    await pause(AGAIN_MS);
    socket.destroy();
  }
}

/**
 * Eight of ten sockets try 10,000 subscriptions each, then flood pings. One of ten opens the permitted subscriptions with
 * the longest messages, one of ten floods pongs of that length. Each reconnects a second after the gateway has closed it.
 */
export async function floods(port: number, index: number): Promise<never> {
  const send = index % 10 === 8 ? fatSubscriptions : index % 10 === 9 ? fatPongs : manySubscriptions;
  for (;;) {
    const socket = openSocket(port);
    socket.pause();
    await send(socket);
    await pause(AGAIN_MS);
  }
}

/** Fields that are repeated as often as a selection set may, for as many tokens as a document may have. */
const LONG_SELECTION = 'status progress message color anchorType rawStatus statusDescription finished stale id '
  .repeat(32)
  .split(' ')
  .slice(0, 300)
  .concat(Array(32).fill('stages{status enteredAt leftAt}'))
  .join(' ');

function ids(name: string): readonly string[] {
  return Array.from({ length: IDS }, (_, index) => `${name}-${index}`);
}

function list(kind: string, round: number): string {
  return JSON.stringify(ids(`${kind}-${round}`));
}

function openSocket(port: number, authorization?: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.setMaxListeners(0);
  socket.on('error', () => {});
  socket.resume();
  socket.write(HANDSHAKE);
  const payload = authorization === undefined ? {} : { authorization };
  socket.write(clientFrame(1, JSON.stringify({ type: 'connection_init', payload })));
  return socket;
}

function subscribe(id: string, query: string): Buffer {
  return clientFrame(1, JSON.stringify({ id, type: 'subscribe', payload: { query } }));
}

/** Resolves once the response has arrived whole, or the connection has broken. */
async function post(
  port: number,
  query: string,
  { variables = {}, authorization }: { variables?: object; authorization?: string } = {},
): Promise<void> {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const body = JSON.stringify({ query, variables });
  try {
    await (await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body })).text();
  } catch {
    // The gateway may cut an attacker.
  }
}
