import { describe, expect, it } from 'vitest';
import { VIDEO_TASK_STATUSES, type VideoTask } from '../../src/task/video-task.ts';
import { MemoryFeed, snapshotOf } from './memory-feed.ts';
import { query } from './run.ts';

const EVERYTHING = `{ videoTask(id: "652630d6bae4de626f8b49ec") {
  id status rawStatus progress message resultUrl resultPeopleUrl resultBackgroundUrl anchorId anchorType
  backgroundWidth backgroundHeight color replaceBackgroundId customBackgroundId createdAt elapsedSeconds reportedAt
  finished statusDescription checkedAt nextCheckAt stale stages { status enteredAt leftAt }
} }`;

const SAMPLE: VideoTask = {
  id: '652630d6bae4de626f8b49ec',
  status: 'SUCCESS',
  rawStatus: 'success',
  progress: 100,
  message: 'done',
  resultUrl: 'https://cdn.example/video.mp4',
  resultPeopleUrl: 'https://cdn.example/people.mp4',
  resultBackgroundUrl: 'http://cdn.example/background.mp4',
  anchorId: '63de16f26c6193fa4ca7a486',
  anchorType: '0',
  backgroundWidth: 1919,
  backgroundHeight: 1080,
  color: '#00ff00',
  replaceBackgroundId: '629067e435e495933464f034',
  customBackgroundId: 'custom',
  createdAt: Date.parse('2023-10-11T05:21:26.855Z'),
  elapsedSeconds: 6644,
  reportedAt: Date.parse('2023-10-11T07:12:11Z'),
};

const SEEN = Date.parse('2023-10-11T07:12:12Z');

describe('VideoTask', () => {
  it('shows every field A2E filled and all that the gateway knows', async () => {
    const snapshot = snapshotOf(SAMPLE, {
      checkedAt: SEEN,
      nextCheckAt: SEEN + 3000,
      stale: true,
      stages: [
        { status: 'COPY', enteredAt: SEEN - 3000, leftAt: SEEN },
        { status: 'SUCCESS', enteredAt: SEEN, leftAt: null },
      ],
    });
    const { data, errors } = await query({ feed: new MemoryFeed({ [SAMPLE.id]: snapshot }), document: EVERYTHING });
    expect(errors).toBeUndefined();
    expect(data?.['videoTask']).toEqual({
      ...SAMPLE,
      createdAt: '2023-10-11T05:21:26.855Z',
      reportedAt: '2023-10-11T07:12:11.000Z',
      finished: true,
      statusDescription: 'success',
      checkedAt: '2023-10-11T07:12:12.000Z',
      nextCheckAt: '2023-10-11T07:12:15.000Z',
      stale: true,
      stages: [
        { status: 'COPY', enteredAt: '2023-10-11T07:12:09.000Z', leftAt: '2023-10-11T07:12:12.000Z' },
        { status: 'SUCCESS', enteredAt: '2023-10-11T07:12:12.000Z', leftAt: null },
      ],
    });
  });

  it('shows a task with nearly all fields empty', async () => {
    const feed = new MemoryFeed({ [SAMPLE.id]: snapshotOf({ id: SAMPLE.id }) });
    const { data, errors } = await query({ feed, document: EVERYTHING });
    expect(errors).toBeUndefined();
    const filled = Object.entries(Object(data?.['videoTask'])).filter(([, value]) => value !== null);
    expect(Object.fromEntries(filled)).toEqual({
      id: SAMPLE.id,
      status: 'INIT',
      rawStatus: 'init',
      finished: false,
      statusDescription: 'initialization',
      checkedAt: '1970-01-01T00:00:00.000Z',
      stale: false,
      stages: [],
    });
  });

  it.each(VIDEO_TASK_STATUSES)('puts %s in words, and knows whether it is final', async (status) => {
    const feed = new MemoryFeed({ a: snapshotOf({ id: 'a', status }) });
    const { data } = await query({ feed, document: '{ videoTask(id: "a") { status statusDescription finished } }' });
    expect(data?.['videoTask']).toEqual({
      status,
      statusDescription: expect.stringMatching(/^[a-z]/),
      finished: status === 'SUCCESS' || status === 'FAIL',
    });
  });
});
