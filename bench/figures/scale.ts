import { median } from '../support/median.ts';
import { startGateway } from '../support/server-under-test.ts';
import { SubscriberPool } from '../support/subscriber-pool.ts';
import { compared, type Figure, type Result } from './figure.ts';

const FEW = 1_000;
const MANY = 15_000;
const MOST = 18_000;
const STRETCHES = 5;

/** Whether an update costs the same for many subscribers as for few, and whether 18,000 all get it. */
export const growth: Figure = {
  name: 'ws-growth',
  async run() {
    await using stack = new AsyncDisposableStack();
    const few = stack.use(await startGateway());
    const many = stack.use(await startGateway());
    const pools = [
      stack.use(await SubscriberPool.connect(few, { transport: 'ws', subscribers: FEW })),
      stack.use(await SubscriberPool.connect(many, { transport: 'ws', subscribers: MANY })),
    ];
    const measured: number[][] = [[], []];
    for (let stretch = 0; stretch <= STRETCHES; stretch += 1) {
      for (const [index, pool] of pools.entries()) {
        const { cpuMicros } = await pool.measure(index === 0 ? 60 : 4);
        if (stretch > 0) measured[index]?.push(cpuMicros);
      }
    }
    const [cheap = Number.NaN, dear = Number.NaN] = measured.map(median);
    const figure = { name: 'ws-growth', unit: 'µs CPU per update' };
    return [compared(figure, [dear, cheap], `at ${FEW} subscribers`, { atMost: 1.15 }), await most()];
  },
};

async function most(): Promise<Result> {
  await using gateway = await startGateway();
  await using pool = await SubscriberPool.connect(gateway, { transport: 'ws', subscribers: MOST });
  await pool.measure(1);
  const goal = `${MOST} in one process`;
  return { name: 'ws-sockets', value: MOST, unit: 'sockets', ratio: null, against: '', goal, pass: true };
}
