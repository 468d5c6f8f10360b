import type { NamedTimeline } from './named-timelines.ts';
import type { TaskOptions } from './simulated-task.ts';

/** A task to try things with. */
export interface DemoTask {
  readonly id: string;
  readonly description: string;
  /** How it behaves; null: there is no such task. */
  readonly options: TaskOptions | null;
}

/** The example id of the vendor's page, with the answer printed there (but a video of our own). */
const VENDOR_SAMPLE: TaskOptions = {
  timeline: 'finished',
  createdAt: Date.parse('2023-10-11T05:21:26.855Z'),
  row: { web_bg_width: 1919, result_people_url: undefined, result_bg_url: undefined },
};

/**
 * Every task the demo knows. Each begins when it is first asked for, so there is always something to watch. With
 * anything appended after a hyphen (`demo-fail-2`) an id is a fresh task that goes the same way.
 */
export const DEMO_TASKS: readonly DemoTask[] = [
  demo('success', 'every stage in about 40 s, then the video'),
  demo('fail', 'gets to 60 %, then fails with a reason'),
  { id: 'demo-halfway', description: 'is half done already', options: { timeline: 'success', ageMs: 22_000 } },
  demo('slow', 'a quarter of an hour of processing'),
  demo('queued', 'waits in the algorithm queue for ever'),
  demo('stuck', 'stays at 42 % for ever'),
  demo('churn', 'new progress on every call, never finishes'),
  demo('unknown', 'reports a status word that is not documented, then succeeds'),
  demo('backwards', 'goes back into the queue from 50 %, then succeeds'),
  demo('flaky', 'a bad gateway every few seconds: stale now and then, succeeds all the same'),
  demo('outage', 'three calls in a row fail half-way: stale, then recovery'),
  demo('late', 'not found at first, as a task just created may be'),
  demo('weird', 'field values no client should trust'),
  demo('finished', 'has been a success all along'),
  { id: 'demo-missing', description: 'does not exist', options: null },
  { id: '652630d6bae4de626f8b49ec', description: "the example of A2E's own page: a success", options: VENDOR_SAMPLE },
];

/** The demo task an id means, by itself or with `-anything` appended; undefined for ids that are no demo's. */
export function demoTask(id: string): DemoTask | undefined {
  return DEMO_TASKS.find((task) => id === task.id || id.startsWith(`${task.id}-`));
}

function demo(timeline: NamedTimeline, description: string): DemoTask {
  return { id: `demo-${timeline}`, description, options: { timeline } };
}
