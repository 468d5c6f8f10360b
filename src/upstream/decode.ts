import { AccessDenied, TokenRefused } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { TEXT_LIMITS, type VideoTask, type VideoTaskStatus } from '../task/video-task.ts';
import { ContractViolation, WrongTask } from './contract-violation.ts';
import { chinaTime, cut, instant, int, percentage, text, webUrl, word } from './field-decoders.ts';

/**
 * The documented words of `status`, and the words that A2E's other task APIs write for the two final ones; public clients
 * of this API wait for them too.
 */
const STATUSES: ReadonlyMap<string, VideoTaskStatus> = new Map([
  ['init', 'INIT'],
  ['start', 'START'],
  ['pending', 'PENDING'],
  ['process', 'PROCESS'],
  ['copy', 'COPY'],
  ['success', 'SUCCESS'],
  ['completed', 'SUCCESS'],
  ['fail', 'FAIL'],
  ['failed', 'FAIL'],
  ['error', 'FAIL'],
]);

/**
 * Decodes the JSON of an awsResult answer to the question about task `id`. Resolves the cases that clients of the API were seen
 * to meet: `data` as an array or as one object, several rows, numbers as strings, odd values (null, field by field).
 *
 * @returns the task, or null when A2E knows no such task (`data` is empty or null)
 * @throws {TokenRefused} `code` is 401
 * @throws {AccessDenied} `code` is 403
 * @throws {WrongTask} every row is about another task
 * @throws {ContractViolation} another `code` than 0, or a shape without a task, an `_id` or a `status` in it
 */
export function decodeAnswer(body: unknown, id: string): VideoTask | null {
  if (!isJsonObject(body)) throw wrongShape();
  checkCode(own(body, 'code'));
  const data = own(body, 'data');
  if (data === null || (Array.isArray(data) && data.length === 0)) return null;
  const rows: readonly unknown[] = Array.isArray(data) ? data : [data];
  const withId = rows.filter(isJsonObject).filter((row) => text(own(row, '_id')) !== null);
  const row = withId.find((candidate) => text(own(candidate, '_id')) === id);
  if (row !== undefined) return decodeRow(row, id);
  throw withId.length > 0 ? new WrongTask() : wrongShape();
}

/** 0 is success. A refused token may come as HTTP 200 with a `code`, so 401 and 403 have their HTTP meanings here. */
function checkCode(code: unknown): void {
  const number = int(code);
  if (number === 0 && Number(code) === 0) return;
  if (number === 401) throw new TokenRefused('A2E refused the token');
  if (number === 403) throw new AccessDenied('A2E denies access to this task');
  if (number === null || number === 0) throw wrongShape();
  throw new ContractViolation('nonzero-code', 'A2E answered with an error code');
}

function decodeRow(row: JsonObject, id: string): VideoTask {
  const rawStatus = own(row, 'status');
  if (typeof rawStatus !== 'string' || rawStatus.trim() === '') throw wrongShape();
  const message = text(own(row, 'msg'));
  return {
    id,
    status: STATUSES.get(rawStatus.trim().toLowerCase()) ?? 'UNKNOWN',
    rawStatus: cut(rawStatus, TEXT_LIMITS.word),
    progress: percentage(own(row, 'process')),
    message: message === null ? null : cut(message, TEXT_LIMITS.message),
    resultUrl: webUrl(own(row, 'result')),
    resultPeopleUrl: webUrl(own(row, 'result_people_url')),
    resultBackgroundUrl: webUrl(own(row, 'result_bg_url')),
    anchorId: word(own(row, 'anchor_id')),
    anchorType: word(own(row, 'anchor_type')),
    backgroundWidth: int(own(row, 'web_bg_width')),
    backgroundHeight: int(own(row, 'web_bg_height')),
    color: word(own(row, 'color')),
    replaceBackgroundId: word(own(row, 'replace_bg_id')),
    customBackgroundId: word(own(row, 'custom_backs_id')),
    createdAt: instant(own(row, 'createdAt')),
    elapsedSeconds: int(own(row, 'diff_s')),
    reportedAt: chinaTime(own(row, 'current_date')),
  };
}

/** Own properties only, so that no value is read from a prototype. */
function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function wrongShape(): ContractViolation {
  return new ContractViolation('wrong-shape', 'A2E answered in another shape than the documented one');
}
