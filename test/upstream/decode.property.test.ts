import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UpstreamError } from '../../src/errors.ts';
import { TEXT_LIMITS, VIDEO_TASK_STATUSES, type VideoTask } from '../../src/task/video-task.ts';
import { decodeAnswer } from '../../src/upstream/decode.ts';
import { SAMPLE_ROW } from './upstream-server.ts';

const ID = SAMPLE_ROW._id;
const NUMBERS = ['progress', 'backgroundWidth', 'backgroundHeight', 'elapsedSeconds'] as const;
const TEXTS = ['message', 'anchorId', 'anchorType', 'color', 'replaceBackgroundId', 'customBackgroundId'] as const;
const URLS = ['resultUrl', 'resultPeopleUrl', 'resultBackgroundUrl'] as const;
const INSTANTS = ['createdAt', 'reportedAt'] as const;

function expectValid(task: VideoTask): void {
  expect(task.id).toBe(ID);
  expect(VIDEO_TASK_STATUSES).toContain(task.status);
  expect(task.rawStatus.trim()).not.toBe('');
  expect(task.rawStatus.length).toBeLessThanOrEqual(TEXT_LIMITS.word);
  for (const field of TEXTS) {
    expect(task[field]?.length ?? 0).toBeLessThanOrEqual(field === 'message' ? TEXT_LIMITS.message : TEXT_LIMITS.word);
  }
  for (const field of URLS) expect(task[field]?.length ?? 0).toBeLessThanOrEqual(TEXT_LIMITS.url);
  for (const field of NUMBERS) expect(task[field] === null || (task[field] | 0) === task[field]).toBe(true);
  expect((task.progress ?? 0) >= 0 && (task.progress ?? 0) <= 100).toBe(true);
  for (const field of TEXTS) expect(task[field] === null || task[field].trim() !== '').toBe(true);
  for (const field of URLS) expect(task[field] === null || /^https?:\/\//.test(task[field])).toBe(true);
  for (const field of INSTANTS) {
    expect(task[field] === null || /^\d{4}-/.test(new Date(task[field]).toISOString())).toBe(true);
  }
  expect(Object.keys(task)).toHaveLength(18);
}

/** Decodes a value as if it had arrived over the wire. */
function decode(body: unknown): VideoTask | null {
  return decodeAnswer(JSON.parse(JSON.stringify(body) ?? 'null'), ID);
}

/** Expects a valid task, null, or a typed error. */
function expectSound(body: unknown): void {
  let task: VideoTask | null = null;
  try {
    task = decode(body);
  } catch (error) {
    expect(error).toBeInstanceOf(UpstreamError);
  }
  if (task !== null) expectValid(task);
}

const weird = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.double().map((number) => (Number.isNaN(number) ? 'NaN' : number)),
  fc.double().map(String),
  fc.integer().map(String),
  fc.string({ unit: 'binary' }),
  fc.webUrl(),
  fc.webUrl().map((url) => url + '\u00e9'.repeat(3_000)),
  fc.string({ minLength: 1 }).map((part) => part.repeat(10_000)),
  fc.webUrl().map((url) => `javascript:${url}`),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 19).replace('T', ' ')),
  fc.constantFrom('init', 'FAIL', ' copy', '', ' ', 'null', '__proto__', ID),
);
const otherKeys = fc.constantFrom('__proto__', 'constructor', 'toString', 'extra', 'data', 'code');

test('arbitrary JSON', () => {
  fc.assert(fc.property(fc.jsonValue(), expectSound), { numRuns: 2000 });
});

test('arbitrary JSON in the documented envelope', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constant(0), weird), weird, (code, data) => expectSound({ code, data })),
    {
      numRuns: 2000,
    },
  );
});

test('the documented row, with any of its fields gone or weird, stays a task', () => {
  const { _id, status, ...optional } = SAMPLE_ROW;
  const fields = [...Object.keys(optional), 'result_people_url', 'result_bg_url'];
  const changes = fc.dictionary(fc.oneof(fc.constantFrom(...fields), otherKeys), fc.option(weird, { nil: undefined }));
  fc.assert(
    fc.property(changes, (change) => {
      const row = { ...optional, ...change, _id, status };
      expectSound({ code: 0, data: [row] });
      expect(decode({ code: 0, data: [row] })?.status).toBe('SUCCESS');
    }),
    { numRuns: 5000 },
  );
});

test('rows with any field weird, in any number and order', () => {
  const row = fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(SAMPLE_ROW)), otherKeys), weird);
  const rows = fc.array(
    fc.oneof(
      row.map((change) => ({ ...SAMPLE_ROW, ...change })),
      weird,
    ),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(rows, (data) => expectSound({ code: 0, data })),
    { numRuns: 3000 },
  );
});
