import { expect, it } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { launchBrowser } from '../../support/browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startGateway, TOKEN } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
import { connect, tcpOf } from '../../support/ws-client.ts';

const ADDRESS = `/graphql?query=${encodeURIComponent('subscription { taskStatus(id: "watched") { progress } }')}`;

it('the EventSource of a browser asks a gateway that drains in vain, and follows the task at the next one', async () => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ tokens: [TOKEN] }));
  simulator.setTask('watched', { status: 'process', process: 10 });
  const env = { PORT: `${await freePort()}`, A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN };
  const gateway = stack.use(await startGateway({ ...env, SHUTDOWN_GRACE_MS: '120000' }));
  const { page } = await stack.use(await launchBrowser()).open();
  await page.goto(`${gateway.url}/healthz`);
  await page.evaluate((address) => {
    const { dataset } = document.body;
    const events = new EventSource(address);
    events.addEventListener('next', ({ data }) => {
      dataset['progress'] = JSON.parse(data).data.taskStatus.progress;
    });
    events.addEventListener('error', () => {
      dataset['errors'] = `${Number(dataset['errors'] ?? 0) + 1}`;
      dataset['gaveUp'] = `${events.readyState === EventSource.CLOSED}`;
    });
  }, ADDRESS);
  const seen = (name: string) =>
    expect.poll(() => page.evaluate((key) => document.body.dataset[key], name), { timeout: 60_000 });
  await seen('progress').toBe('10');

  // A client that does not read keeps the gateway draining.
  const slow = stack.use(await connect(gateway.url));
  tcpOf(slow.socket).pause();
  const drained = gateway.drain();
  // The cut of the stream, and a request that a draining gateway refuses.
  await seen('errors').toSatisfy((errors) => Number(errors) >= 2);
  await seen('gaveUp').toBe('false');
  expect((await ask(`${gateway.url}/readyz`)).status).toBe(503);
  slow.socket.terminate();
  await drained;
  await gateway[Symbol.asyncDispose]();
  simulator.setTask('watched', { status: 'process', process: 70 });
  stack.use(await startGateway(env));
  await seen('progress').toBe('70');
});
