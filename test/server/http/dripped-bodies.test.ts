import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { TOKEN } from '../../support/gateway.ts';
import { drip } from '../../support/hostile-socket.ts';
import { startProbed } from '../../support/probed-gateway.ts';

const CONNECTIONS = 20;
const BYTES = 1_500;
const HEAD = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

test.concurrent.each([
  ['application/json', 'content-length: 65536\r\n'],
  ['application/json', 'transfer-encoding: chunked\r\n'],
  ['text/event-stream', 'content-length: 65536\r\n'],
])('a body (%s, %s) that comes byte by byte takes little memory', async (accept, length) => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  await using gateway = await startProbed({ A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN });
  const grownBy = async (bytes: number): Promise<number> => {
    const before = await gateway.heap();
    const sockets = Array.from({ length: CONNECTIONS }, () => connect(Number(new URL(gateway.url).port), '127.0.0.1'));
    const body = length.startsWith('transfer') ? `10000\r\n${' '.repeat(bytes)}` : ' '.repeat(bytes);
    await Promise.all(
      sockets.map(async (socket) => {
        socket.on('error', () => {}).write(`${HEAD}accept: ${accept}\r\n${length}\r\n`);
        await drip(socket, body);
      }),
    );
    const grown = (await gateway.heap()) - before;
    for (const socket of sockets) socket.destroy();
    return grown;
  };
  await grownBy(100);
  // Kept as they come, they would take some 200 bytes each.
  expect(await grownBy(BYTES)).toBeLessThan(40 * BYTES * CONNECTIONS);
});
