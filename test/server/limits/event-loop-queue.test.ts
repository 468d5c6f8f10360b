import { expect, test } from 'vitest';
import { EventLoopQueue } from '../../../src/server/limits/event-loop-queue.ts';

const TASKS = 5;

/** Takes more than one turn of the event loop has. */
function takeTurn(): void {
  const until = performance.now() + 2;
  while (performance.now() < until);
}

/** The events that `start` writes while the queue works, with a `turn` at the end of each turn of the event loop. */
async function events(start: (queue: EventLoopQueue, log: string[]) => void): Promise<readonly string[]> {
  const log: string[] = [];
  const queue = new EventLoopQueue(() => log.push('begins'));
  start(queue, log);
  let isDone = false;
  // Queued by a task, so that tasks which `start` queued by tasks run before it.
  queue.run(() =>
    queue.run(() => {
      isDone = true;
    }),
  );
  while (!isDone) await new Promise((resolve) => setImmediate(resolve));
  return log;
}

test('the promises that a task settles count as a part of it', async () => {
  const log = await events((queue, written) => {
    for (let task = 0; task < TASKS; task += 1) {
      queue.run(() => {
        void Promise.resolve()
          .then(takeTurn)
          .then(() => written.push(`${task}`));
      });
    }
  });
  const turns = Array.from({ length: TASKS }, (_, task) => ['begins', `${task}`]);
  expect(log.slice(0, 2 * TASKS)).toEqual(turns.flat());
});

test('a task that is queued by another one runs after the tasks that came before it', async () => {
  const log = await events((queue, written) => {
    queue.run(() => queue.run(() => written.push('inner')));
    queue.run(() => written.push('outer'));
  });
  expect(log.filter((event) => event !== 'begins')).toEqual(['outer', 'inner']);
});
