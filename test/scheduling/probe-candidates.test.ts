import { expect, test } from 'vitest';
import { ProbeCandidates } from '../../src/scheduling/probe-candidates.ts';
import { QueuedJob } from '../../src/scheduling/queued-job.ts';

function queued(id: string, { isProven, afterFailure }: { isProven: boolean; afterFailure: boolean }): QueuedJob {
  const job = { id, isProven, run: () => Promise.resolve({ kind: 'skipped' as const }), onBlocked: () => {} };
  return new QueuedJob(job, { expectedAt: () => 0, cancel: () => {} }, { dueAt: 0, urgent: false, afterFailure });
}

const trusted = (id: string) => queued(id, { isProven: true, afterFailure: false });
const provenFailing = (id: string) => queued(id, { isProven: true, afterFailure: true });
const unproven = (id: string) => queued(id, { isProven: false, afterFailure: false });
const failing = (id: string) => queued(id, { isProven: false, afterFailure: true });

/** The tasks of the next `count` probes, each of which fails and is queued anew. */
function failedProbes(candidates: ProbeCandidates, count: number): string[] {
  return Array.from({ length: count }, () => {
    const probe = candidates.next();
    if (!probe) return 'none';
    candidates.delete(probe);
    candidates.onProbe(probe);
    candidates.add(queued(probe.job.id, { isProven: probe.isProven, afterFailure: true }));
    return probe.job.id;
  });
}

test('proven tasks before new ones, and failing ones last', () => {
  const candidates = new ProbeCandidates();
  const jobs = [failing('failing'), unproven('new'), provenFailing('proven'), trusted('trusted')];
  for (const job of jobs) candidates.add(job);
  const order = jobs.map(() => {
    const next = candidates.next();
    if (next) candidates.delete(next);
    return next?.job.id;
  });
  expect(order).toEqual(['trusted', 'proven', 'new', 'failing']);
  expect(candidates.next()).toBeUndefined();
  expect(candidates.size).toBe(0);
});

test('failed probes rotate among the proven tasks', () => {
  const candidates = new ProbeCandidates();
  for (let n = 0; n < 100; n += 1) candidates.add(failing(`bad-${n}`));
  for (const id of ['a', 'b', 'c']) candidates.add(trusted(id));
  expect(failedProbes(candidates, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
});

test('one proven task takes turns with the unproven ones', () => {
  const candidates = new ProbeCandidates();
  for (const id of ['bad-0', 'bad-1']) candidates.add(failing(id));
  candidates.add(trusted('good'));
  expect(failedProbes(candidates, 6)).toEqual(['good', 'bad-0', 'good', 'bad-1', 'good', 'bad-0']);
});

test('a task alone is probed again', () => {
  const candidates = new ProbeCandidates();
  candidates.add(trusted('only'));
  expect(failedProbes(candidates, 3)).toEqual(['only', 'only', 'only']);
});
