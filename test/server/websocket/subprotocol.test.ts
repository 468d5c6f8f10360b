import { connect as connectTcp, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { clientFrame, closeCode, HANDSHAKE, until } from '../../support/hostile-socket.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect } from '../../support/ws-client.ts';

let progress = 0;
let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(() => untilIdle(pair.gateway));

/** A TCP socket that asks for a WebSocket of these subprotocols, `null` for none: clients of ws would hang up themselves. */
function askFor(subprotocols: string | null): Socket {
  const header = subprotocols === null ? '' : `sec-websocket-protocol: ${subprotocols}\r\n`;
  const socket = connectTcp(Number(new URL(pair.gateway.url).port), '127.0.0.1').on('error', () => {});
  socket.write(HANDSHAKE.replace(/sec-websocket-protocol: .*\r\n/, header));
  return socket;
}

it.each([null, 'graphql-ws', 'Graphql-Transport-WS', 'graphql-transport-ws2, __proto__'])(
  'closes with 4406 a client that offers %s, and no other client',
  async (subprotocols) => {
    const { gateway, simulator } = pair;
    await using neighbour = await connect(gateway.url);
    neighbour.subscribe('w', 'subscription { taskStatus(id: "job") { progress } }');
    const update = () => {
      progress += 1;
      simulator.setTask('job', { status: 'process', process: progress });
      return neighbour.messages.find((message) => JSON.stringify(message).includes(`"progress":${progress}}`));
    };
    await update();
    const socket = askFor(subprotocols);
    expect(await closeCode(socket)).toBe(4406);
    socket.destroy();
    await update();
  },
);

it.each([', ,', 'graphql-transport-ws,', 'graphql-transport-ws, graphql-transport-ws', 'a b'])(
  'answers 400 to a list of subprotocols that is none: %s',
  async (subprotocols) => {
    const socket = askFor(subprotocols);
    expect(await until(socket, 'HTTP/1.1 400 Bad Request')).toBeNull();
    socket.destroy();
  },
);

it('takes graphql-transport-ws, whatever else is offered', async () => {
  const socket = askFor('graphql-ws, graphql-transport-ws');
  expect(await until(socket, 'Sec-WebSocket-Protocol: graphql-transport-ws\r\n')).toBeNull();
  socket.write(clientFrame(1, '{"type":"connection_init"}'));
  expect(await until(socket, 'connection_ack')).toBeNull();
  socket.destroy();
});
