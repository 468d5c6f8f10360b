import { describe, expect, test } from 'vitest';
import { faultProxy } from '../support/fault-proxy.ts';
import { startPair } from '../support/gateway.ts';
import { expectLoss, type Loss } from './loss.ts';
import { DRAIN, SIGKILL, SIGTERM, testRestart } from './restart.ts';
import { Subscriber, type Watch } from './subscriber.ts';

/** The promises of docs/clients.md for a client. */
export interface Promises {
  readonly cut: Loss;
  readonly restart: Loss;
}

const ID = 'watched';
/** A page in Chromium takes 10 s for a restart, of which 6 s are pauses of EventSource; a loaded machine takes longer. */
const CLIENT_TIMEOUT_MS = 60_000;

/** Four tests of a client against a gateway; `name` is its row in docs/clients.md. */
export function testClient(name: string, promises: Promises, watch: Watch): void {
  describe.concurrent(name, { timeout: CLIENT_TIMEOUT_MS }, () => {
    test('first result: shows the present state', async () => {
      await using pair = await startPair();
      pair.simulator.setTask(ID, { status: 'process', process: 10 });
      const subscriber = new Subscriber();
      await using _watch = await watch(pair.gateway.url, ID, subscriber);
      const [state] = await subscriber.states.count(1);
      expect(state).toMatchObject({ id: ID, status: 'PROCESS', progress: 10 });
    });

    test(`cut line: ${promises.cut}`, async () => {
      await using pair = await startPair();
      pair.simulator.setTask(ID, { status: 'process', process: 10 });
      await using proxy = await faultProxy({ port: Number(new URL(pair.gateway.url).port) });
      const subscriber = new Subscriber();
      await using _watch = await watch(`http://${proxy.host}:${proxy.port}`, ID, subscriber);
      await subscriber.states.find(({ progress }) => progress === 10);
      proxy.inject({ kind: 'reset' });
      pair.simulator.setTask(ID, { status: 'process', process: 70 });
      proxy.inject({ kind: 'none' });
      await expectLoss(promises.cut, subscriber);
    });

    test(`restart: ${promises.restart}`, (context) => testRestart(DRAIN, promises.restart, watch, context));

    test('final state: shows it and completes', async () => {
      await using pair = await startPair();
      pair.simulator.setTask(ID, { status: 'process', process: 10 });
      const subscriber = new Subscriber();
      await using _watch = await watch(pair.gateway.url, ID, subscriber);
      await subscriber.states.find(({ progress }) => progress === 10);
      pair.simulator.setTask(ID, { status: 'success' });
      const [end] = await subscriber.ends.count(1);
      expect(end).toEqual({ kind: 'complete' });
      expect(subscriber.states.all.at(-1)).toMatchObject({ status: 'SUCCESS', progress: 100 });
      expect(subscriber.states.all.at(-1)?.resultUrl).toMatch(/^http/);
    });
  });
}

/** Two tests of a client against gateways in processes of their own; `name` is its row in docs/clients/outcomes.md. */
export function testProcessRestart(name: string, loss: Loss, watch: Watch): void {
  describe.concurrent(name, { timeout: CLIENT_TIMEOUT_MS }, () => {
    test(`SIGTERM: ${loss}`, (context) => testRestart(SIGTERM, loss, watch, context));
    test(`SIGKILL: ${loss}`, (context) => testRestart(SIGKILL, loss, watch, context));
  });
}
