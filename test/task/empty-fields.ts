import type { VideoTask } from '../../src/task/video-task.ts';

/** The fields of a task that A2E may leave empty, all of them empty. */
export const EMPTY_FIELDS = {
  progress: null,
  message: null,
  resultUrl: null,
  resultPeopleUrl: null,
  resultBackgroundUrl: null,
  anchorId: null,
  anchorType: null,
  backgroundWidth: null,
  backgroundHeight: null,
  color: null,
  replaceBackgroundId: null,
  customBackgroundId: null,
  createdAt: null,
  elapsedSeconds: null,
  reportedAt: null,
} as const satisfies Omit<VideoTask, 'id' | 'status' | 'rawStatus'>;
