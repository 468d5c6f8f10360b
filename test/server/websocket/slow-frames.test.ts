import { connect as connectTcp, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startGateway, startPair } from '../../support/gateway.ts';
import { clientFrame, closeCode, drip, HANDSHAKE, hostileSocket, until } from '../../support/hostile-socket.ts';
import { startImpatient } from '../../support/short-timeouts-gateway.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect } from '../../support/ws-client.ts';

const WATCH = 'subscription { taskStatus(id: "job") { progress } }';
const INIT = clientFrame(1, '{"type":"connection_init"}');
const SUBSCRIBE = clientFrame(1, JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } }));

/** A TCP socket that has asked for a WebSocket, and says nothing on it. */
function handshake(gatewayUrl: string): Socket {
  const socket = connectTcp(Number(new URL(gatewayUrl).port), '127.0.0.1').on('error', () => {});
  socket.write(HANDSHAKE);
  return socket;
}

/** The same frame as one that others follow; those are of opcode 0. Source: RFC 6455, section 5.4. */
function unfinished(frame: Buffer): Buffer {
  return Buffer.concat([Buffer.of((frame[0] ?? 0) & 0x7f), frame.subarray(1)]);
}

describe('messages that come byte by byte', () => {
  test('are taken once they are whole', async () => {
    await using pair = await startPair();
    pair.simulator.setTask('job', { status: 'process', process: 42 });
    const socket = handshake(pair.gateway.url);
    const acknowledged = until(socket, 'connection_ack');
    await drip(socket, INIT);
    expect(await acknowledged).toBeNull();
    const shown = until(socket, '"progress":42');
    await drip(socket, SUBSCRIBE.subarray(0, -1));
    expect(pair.gateway.counts()).toMatchObject({ liveResults: 0 });
    await drip(socket, SUBSCRIBE.subarray(-1));
    expect(await shown).toBeNull();
    socket.destroy();
    await untilIdle(pair.gateway);
  });

  test('are refused with 1008 in more pieces than anyone needs: each takes far more memory than its byte', async () => {
    await using gateway = await startGateway({ A2E_API_TOKEN: 't' });
    const socket = handshake(gateway.url);
    const code = closeCode(socket);
    socket.write(INIT);
    await Promise.race([code, drip(socket, clientFrame(1, 'x'.repeat(2_000)).subarray(0, -1))]);
    expect(await code).toBe(1008);
    socket.destroy();
    await untilIdle(gateway);
  });

  test('do not put off the time that a client has to begin', async () => {
    await using gateway = await startImpatient({}, { connectionInitMs: 200 });
    const socket = handshake(gateway.url);
    const code = closeCode(socket);
    await drip(socket, INIT.subarray(0, -1));
    expect(await code).toBe(4408);
    socket.destroy();
    await untilIdle(gateway);
  });

  test('are not waited for by anyone else, nor longer than for an answer to two pings', async () => {
    await using gateway = await startImpatient({}, { connectionInitMs: 10_000 });
    await using neighbour = await connect(gateway.url);
    const socket = await hostileSocket(gateway.url);
    socket.resume();
    const dripping = drip(socket, clientFrame(1, `{"type":"ping","payload":"${'x'.repeat(60_000)}"}`), 5);
    neighbour.subscribe('q', '{ __typename }');
    expect((await neighbour.ended('q')).at(-1)).toEqual({ id: 'q', type: 'complete' });
    await dripping;
    expect(neighbour.socket.readyState).toBe(neighbour.socket.OPEN);
    neighbour.socket.close();
    await untilIdle(gateway);
  });
});

describe('messages too large to be kept', () => {
  test('are refused as soon as they are announced', async () => {
    await using gateway = await startGateway({ A2E_API_TOKEN: 't' });
    const socket = handshake(gateway.url);
    const code = closeCode(socket);
    socket.write(INIT);
    const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1]);
    await drip(socket, head);
    expect(await code).toBe(1009);
    socket.destroy();
    await untilIdle(gateway);
  });

  test.each([
    ['1008 in more parts than anyone needs', '', 1008],
    ['1009 in parts that are too large together', 'x'.repeat(8_000), 1009],
  ])('are refused with %s', async (_what, part, expected) => {
    await using gateway = await startGateway({ A2E_API_TOKEN: 't' });
    const socket = handshake(gateway.url);
    const code = closeCode(socket);
    socket.write(INIT);
    socket.write(unfinished(clientFrame(1, part)));
    for (let count = 0; count < 64; count += 1) socket.write(unfinished(clientFrame(0, part)));
    expect(await code).toBe(expected);
    socket.destroy();
    await untilIdle(gateway);
  });
});
