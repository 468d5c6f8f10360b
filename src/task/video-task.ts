/**
 * A2E's report on one avatar-video job, decoded: the field names are the gateway's, the comments give A2E's.
 * Source: the vendor's page "Obtain the Status of One Avatar Video Task" (`POST /api/v1/video/awsResult`).
 */
export const VIDEO_TASK_STATUSES = [
  'INIT',
  'START',
  'PENDING',
  'PROCESS',
  'COPY',
  'SUCCESS',
  'FAIL',
  'UNKNOWN',
] as const;

export type VideoTaskStatus = (typeof VIDEO_TASK_STATUSES)[number];

/** The longest texts of a task, in UTF-16 code units. They bound the memory and the messages that one task costs. */
export const TEXT_LIMITS = { message: 4_096, url: 8_192, word: 256 } as const;

export interface VideoTask {
  /** `_id` */
  readonly id: string;
  /**
   * `status`, upper-cased. `completed` reads as SUCCESS, `failed` and `error` as FAIL, because A2E's other task APIs write
   * these words. `UNKNOWN` for any other word outside the documented list.
   */
  readonly status: VideoTaskStatus;
  /** `status` as A2E wrote it, cut at 256 characters. */
  readonly rawStatus: string;
  /** `process`: 0 to 100. */
  readonly progress: number | null;
  /** `msg`, cut at 4,096 characters. */
  readonly message: string | null;
  /** `result`: http(s) only. */
  readonly resultUrl: string | null;
  /** `result_people_url`: http(s) only. */
  readonly resultPeopleUrl: string | null;
  /** `result_bg_url`: http(s) only. */
  readonly resultBackgroundUrl: string | null;
  /** `anchor_id` */
  readonly anchorId: string | null;
  /** `anchor_type` */
  readonly anchorType: string | null;
  /** `web_bg_width`: pixels. */
  readonly backgroundWidth: number | null;
  /** `web_bg_height`: pixels. */
  readonly backgroundHeight: number | null;
  /** `color` */
  readonly color: string | null;
  /** `replace_bg_id` */
  readonly replaceBackgroundId: string | null;
  /** `custom_backs_id` */
  readonly customBackgroundId: string | null;
  /** `createdAt`: ms since the epoch. */
  readonly createdAt: number | null;
  /** `diff_s`: seconds since creation, by A2E's clock. Grows in every answer. */
  readonly elapsedSeconds: number | null;
  /** `current_date`: ms since the epoch (A2E writes it in UTC+8 without a zone). Differs in every answer. */
  readonly reportedAt: number | null;
}

/** A SUCCESS without its result, which A2E has not stored yet. */
export function awaitsResult({ status, resultUrl }: Pick<VideoTask, 'status' | 'resultUrl'>): boolean {
  return status === 'SUCCESS' && resultUrl === null;
}

/** FAIL, or SUCCESS with its result: A2E changes such a task no more. */
export function isComplete(task: Pick<VideoTask, 'status' | 'resultUrl'>): boolean {
  return task.status === 'FAIL' || (task.status === 'SUCCESS' && !awaitsResult(task));
}
