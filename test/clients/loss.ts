import { expect } from 'vitest';
import type { Subscriber } from './subscriber.ts';

/** How a client takes the loss of its connection: by its own protocol, or by an error that the application sees. */
export type Loss = 'resumes' | 'reports an error';

/** Waits until a client has taken the loss of its connection at 10 %, while the task has gone on to 70 %. */
export async function expectLoss(loss: Loss, subscriber: Subscriber): Promise<void> {
  if (loss === 'resumes') {
    await subscriber.states.find(({ progress }) => progress === 70);
    expect(subscriber.ends.all).toEqual([]);
  } else {
    const [end] = await subscriber.ends.count(1);
    expect(end?.kind).toBe('error');
    expect(subscriber.states.all.at(-1)?.progress).toBe(10);
  }
}
