import { median } from '../support/median.ts';
import { Poller } from '../support/poller.ts';
import { startGateway, startMadeUp } from '../support/server-under-test.ts';
import { SubscriberPool } from '../support/subscriber-pool.ts';
import { compared, type Figure } from './figure.ts';

const STRETCH_MS = 3_000;
const STRETCHES = 6;

/** Dashboards that query a watched task. The task changes with every poll of the gateway. */
export const queries: Figure = {
  name: 'queries',
  async run() {
    await using stack = new AsyncDisposableStack();
    const env = { POLL_INTERVAL_MS: '3000', POLL_MAX_INTERVAL_MS: '3000' };
    const gateway = stack.use(await startGateway({ churn: true, env }));
    stack.use(await SubscriberPool.connect(gateway, { transport: 'ws', subscribers: 1 }));
    const peer = stack.use(await startMadeUp('mercurius-queries'));
    const pollers = [stack.use(new Poller(gateway)), stack.use(new Poller(peer))];
    const rates: number[][] = [[], []];
    for (let stretch = 0; stretch <= STRETCHES; stretch += 1) {
      for (const [index, poller] of pollers.entries()) {
        const rate = await poller.measure(STRETCH_MS);
        if (stretch > 0) rates[index]?.push(rate);
      }
    }
    const [own, peerMicros] = rates.map(median);
    const figure = { name: 'queries', unit: 'per second of server CPU' };
    return [compared(figure, [own ?? Number.NaN, peerMicros ?? Number.NaN], 'mercurius with JIT', { atLeast: 2 })];
  },
};
