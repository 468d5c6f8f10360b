import { expect, test } from 'vitest';
import { CallQueue, type QueuedCall } from '../../src/scheduling/call-queue.ts';

const INTERVAL_MS = 1_000;
const NOW = 1_000_000;

interface Named extends QueuedCall {
  readonly name: string;
}

const poll = (name: string, dueAt: number): Named => ({ name, dueAt, heapIndex: -1, urgent: false });
const query = (name: string): Named => ({ name, dueAt: Number.POSITIVE_INFINITY, heapIndex: -1, urgent: true });

function queueOf(...turns: Named[]): CallQueue<Named> {
  const queue = new CallQueue<Named>(INTERVAL_MS);
  for (const turn of turns) queue.add(turn);
  return queue;
}

function drain(queue: CallQueue<Named>): string {
  const names: string[] = [];
  for (let turn = queue.take(NOW); turn; turn = queue.take(NOW)) names.push(turn.name);
  return names.join(' ');
}

test('urgent turns and due polls take turns, the longest overdue poll first', () => {
  const queue = queueOf(query('q1'), query('q2'), query('q3'), query('q4'));
  for (const [name, late] of [
    ['late', 2],
    ['later', 30],
    ['latest', 500],
  ] as const)
    queue.add(poll(name, NOW - late));
  expect(drain(queue)).toBe('latest q1 later q2 late q3 q4');
  expect(queue.dueAt).toBe(Number.POSITIVE_INFINITY);
});

test('an urgent turn goes at once when no poll is due, or when it is its turn', () => {
  const queue = queueOf(poll('later', NOW + 1), query('query'));
  expect(queue.dueAt).toBe(0);
  expect(drain(queue)).toBe('query');
  expect(queue.dueAt).toBe(NOW + 1);
  const busy = queueOf(poll('a', NOW), poll('b', NOW));
  expect(busy.take(NOW)?.urgent).toBe(false);
  busy.add(query('query'));
  expect(busy.take(NOW)?.name).toBe('query');
});

test('polls that are overdue by more than an interval get five turns in six', () => {
  const queue = queueOf(query('q1'), query('q2'));
  for (let n = 0; n < 11; n += 1) queue.add(poll('p', NOW - INTERVAL_MS - 1));
  expect(drain(queue)).toBe('p p p p p q1 p p p p p q2 p');
});

test('a call that is in both queues comes once, when the first of the two is due', () => {
  const both: Named = { ...poll('both', NOW), urgent: true };
  const queue = queueOf(query('query'), both, poll('late', NOW - 5));
  expect(drain(queue)).toBe('late query both');
  queue.add(both);
  queue.remove(both);
  queue.remove(both);
  expect(queue.dueAt).toBe(Number.POSITIVE_INFINITY);
});
