/** One element of `data` as A2E's page "Obtain the Status of One Avatar Video Task" documents it. */
export interface A2eRow {
  readonly _id: string;
  readonly msg?: string;
  readonly result: string;
  /** 0 to 100; absent until the algorithm works. */
  readonly process?: number;
  readonly status: string;
  readonly anchor_type?: string;
  readonly web_bg_width?: number;
  readonly web_bg_height?: number;
  readonly color?: string;
  /** Absent until success. */
  readonly result_people_url?: string;
  /** Absent until success. */
  readonly result_bg_url?: string;
  readonly anchor_id?: string;
  readonly replace_bg_id?: string;
  readonly custom_backs_id?: string | null;
  /** ISO 8601 in UTC. */
  readonly createdAt?: string;
  /** Whole seconds since `createdAt`. */
  readonly diff_s?: number;
  /** `YYYY-MM-DD HH:mm:ss` in UTC+8, without saying so. */
  readonly current_date?: string;
}

/** Fields to lay over a row, of any value at all; `undefined` takes the field away, unknown fields are added. */
export interface RowPatch extends Readonly<Partial<Record<keyof A2eRow, unknown>>> {
  readonly [extra: string]: unknown;
}

/** Where a task stands. */
export interface Stage {
  readonly status: string;
  /** 0 to 100, or null while there is none to show. */
  readonly progress: number | null;
  readonly msg?: string | undefined;
}

/** What a row is made of. Times in ms since the epoch. */
export interface RowSource {
  readonly id: string;
  readonly stage: Stage;
  readonly createdAt: number;
  readonly now: number;
  /** Origin under which the results of a finished task are found. */
  readonly resultOrigin: string;
}

const UTC_PLUS_8_MS = 8 * 60 * 60 * 1000;

/** A time in ms since the epoch as A2E writes `current_date`: UTC+8 without a zone. */
export function a2eLocalTime(ms: number): string {
  return new Date(ms + UTC_PLUS_8_MS).toISOString().slice(0, 19).replace('T', ' ');
}

const PROGRESS_BY_STATUS: Readonly<Record<string, number>> = { process: 0, copy: 100, success: 100 };

/** The `process` a status shows when none is given, or null: before `process` there is none. */
export function usualProgress(status: string): number | null {
  return PROGRESS_BY_STATUS[status] ?? null;
}

/** The row A2E would answer for that task now. */
export function a2eRow({ id, stage, createdAt, now, resultOrigin }: RowSource): A2eRow {
  const done = stage.status === 'success';
  const url = (part: string) => `${resultOrigin}/results/${encodeURIComponent(id)}${part}.mp4`;
  return {
    _id: id,
    msg: stage.msg ?? '',
    result: done ? url('') : '',
    ...(stage.progress === null ? {} : { process: stage.progress }),
    status: stage.status,
    anchor_type: '0',
    web_bg_width: 1920,
    web_bg_height: 1080,
    color: '',
    ...(done ? { result_people_url: url('_people'), result_bg_url: url('_bg') } : {}),
    anchor_id: '63de16f26c6193fa4ca7a486',
    replace_bg_id: '629067e435e495933464f034',
    custom_backs_id: null,
    createdAt: new Date(createdAt).toISOString(),
    diff_s: Math.max(0, Math.floor((now - createdAt) / 1000)),
    current_date: a2eLocalTime(now),
  };
}
