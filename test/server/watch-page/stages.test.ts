import { describe, expect, it } from 'vitest';

interface Step {
  name: string;
  mark: string;
  enteredAt: number | null;
  tookMs: number | null;
}
interface Stage {
  status: string;
  enteredAt: string;
  leftAt: string | null;
}
const { stepsOf } = (await import(
  new URL('../../../src/server/watch-page/public/stages.js', import.meta.url).href
)) as {
  stepsOf(task: { status: string; rawStatus: string; stages: Stage[] }): Step[];
};

const START = Date.parse('2026-01-01T00:00:00.000Z');

/** Stages ten seconds apart, the last one still going on. */
function stages(...statuses: string[]): Stage[] {
  const at = (index: number) => new Date(START + index * 10_000).toISOString();
  return statuses.map((status, index) => ({
    status,
    enteredAt: at(index),
    leftAt: index === statuses.length - 1 ? null : at(index + 1),
  }));
}

function marks(status: string, rawStatus: string, ...statuses: string[]): string[] {
  return stepsOf({ status, rawStatus, stages: stages(...statuses) }).map(({ name, mark }) => `${name}: ${mark}`);
}

describe('the steps of a task', () => {
  it('are done up to the present one and ahead after it', () => {
    expect(marks('PENDING', 'pending', 'START', 'PENDING')).toEqual([
      'Initialised: done',
      'Sent: done',
      'Queued: now',
      'Processing: ahead',
      'Saving: ahead',
      'Ready: ahead',
    ]);
  });

  it('are all done at success, though the gateway saw only the end', () => {
    expect(
      new Set(stepsOf({ status: 'SUCCESS', rawStatus: 'success', stages: stages('SUCCESS') }).map((s) => s.mark)),
    ).toEqual(new Set(['done']));
  });

  it('end in a failed step after the reached steps', () => {
    expect(marks('FAIL', 'fail', 'PENDING', 'PROCESS', 'FAIL').slice(2)).toEqual([
      'Queued: done',
      'Processing: done',
      'Saving: skipped',
      'Failed: failed',
    ]);
  });

  it('show an unknown status in its own word after the last known one', () => {
    expect(marks('UNKNOWN', 'polishing', 'PROCESS', 'UNKNOWN').slice(3)).toEqual([
      'Processing: done',
      'polishing: now',
      'Saving: ahead',
      'Ready: ahead',
    ]);
    expect(marks('UNKNOWN', 'polishing', 'UNKNOWN')[0]).toBe('polishing: now');
  });

  it('go back with a task that is tried again, without the times of the abandoned stage', () => {
    const steps = stepsOf({ status: 'PENDING', rawStatus: 'pending', stages: stages('PENDING', 'PROCESS', 'PENDING') });
    expect(steps[2]).toEqual({ name: 'Queued', mark: 'now', enteredAt: START + 20_000, tookMs: null });
    expect(steps[3]).toEqual({ name: 'Processing', mark: 'ahead', enteredAt: null, tookMs: null });
  });

  it('have a length only where begin and end were seen', () => {
    const steps = stepsOf({ status: 'COPY', rawStatus: 'copy', stages: stages('PENDING', 'PROCESS', 'COPY') });
    expect(steps.map((step) => step.tookMs)).toEqual([null, null, null, 10_000, null, null]);
    expect(steps[2]?.enteredAt).toBe(START);
  });
});
