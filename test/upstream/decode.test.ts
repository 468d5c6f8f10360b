import { describe, expect, test } from 'vitest';
import { AccessDenied, TokenRefused, UpstreamBadResponse } from '../../src/errors.ts';
import type { VideoTask } from '../../src/task/video-task.ts';
import { ContractViolation, WrongTask } from '../../src/upstream/contract-violation.ts';
import { decodeAnswer } from '../../src/upstream/decode.ts';
import { SAMPLE_ROW } from './upstream-server.ts';

const ID = SAMPLE_ROW._id;

function decode(row: Record<string, unknown>): VideoTask {
  const task = decodeAnswer({ code: 0, data: [{ ...SAMPLE_ROW, ...row }] }, ID);
  if (task === null) throw new Error('no task');
  return task;
}

test("the vendor's sample", () => {
  expect(decode({})).toEqual({
    id: ID,
    status: 'SUCCESS',
    rawStatus: 'success',
    progress: 100,
    message: null,
    resultUrl: SAMPLE_ROW.result,
    resultPeopleUrl: null,
    resultBackgroundUrl: null,
    anchorId: '63de16f26c6193fa4ca7a486',
    anchorType: '0',
    backgroundWidth: 1919,
    backgroundHeight: 1080,
    color: null,
    replaceBackgroundId: '629067e435e495933464f034',
    customBackgroundId: null,
    createdAt: Date.parse('2023-10-11T05:21:26.855Z'),
    elapsedSeconds: 6644,
    reportedAt: Date.parse('2023-10-11T07:12:11Z'),
  });
});

test('a row with an id and a status alone', () => {
  const { id, status, rawStatus, ...rest } = decodeAnswer(
    { code: 0, data: [{ _id: ID, status: 'init' }] },
    ID,
  ) as VideoTask;
  expect([id, status, rawStatus]).toEqual([ID, 'INIT', 'init']);
  expect(new Set(Object.values(rest))).toEqual(new Set([null]));
});

describe('the envelope', () => {
  test.each([[{ code: 0, data: [] }], [{ code: 0, data: null }], [{ code: '0', data: [], trace_id: 'x' }]])(
    '%j: no such task',
    (body) => expect(decodeAnswer(body, ID)).toBeNull(),
  );

  test('data as an object is a row', () => {
    expect(decodeAnswer({ code: 0, data: SAMPLE_ROW }, ID)?.id).toBe(ID);
  });

  test('of several rows the one asked for', () => {
    const data = [null, { ...SAMPLE_ROW, _id: 'other' }, { status: 'init' }, { ...SAMPLE_ROW, status: 'copy' }];
    expect(decodeAnswer({ code: 0, data }, ID)?.status).toBe('COPY');
  });

  test.each([
    [[{ ...SAMPLE_ROW, _id: 'other' }]],
    [{ ...SAMPLE_ROW, _id: 'other' }],
    [[{ ...SAMPLE_ROW, _id: ID.toUpperCase() }, null]],
  ])('only rows for another task', (data) => {
    expect(() => decodeAnswer({ code: 0, data }, ID)).toThrow(WrongTask);
  });

  test.each([403, '403'])('code %j: access to the task is denied', (code) => {
    expect(() => decodeAnswer({ code, data: [] }, ID)).toThrow(AccessDenied);
  });

  test.each([401, '401'])('code %j: the token is refused', (code) => {
    expect(() => decodeAnswer({ code, data: [SAMPLE_ROW] }, ID)).toThrow(TokenRefused);
  });

  test.each([1, 400, -1, 500, '1001'])('code %j is an error, rows or not', (code) => {
    expect(() => decodeAnswer({ code, data: [SAMPLE_ROW] }, ID)).toThrow(
      expect.objectContaining({ reason: 'nonzero-code', code: 'UPSTREAM_BAD_RESPONSE' }),
    );
  });

  test.each([
    [null],
    [undefined],
    ['text'],
    [7],
    [[]],
    [{}],
    [{ data: [SAMPLE_ROW] }],
    [{ code: null, data: [SAMPLE_ROW] }],
    [{ code: 0.4, data: [SAMPLE_ROW] }],
    [{ code: 0 }],
    [{ code: 0, data: 'text' }],
    [{ code: 0, data: {} }],
    [{ code: 0, data: [null] }],
    [{ code: 0, data: [[SAMPLE_ROW]] }],
    [{ code: 0, data: [{ status: 'init' }] }],
    [{ code: 0, data: [{ _id: ID }] }],
    [{ code: 0, data: [{ _id: ID, status: ' ' }] }],
    [{ code: 0, data: [{ _id: ID, status: 5 }] }],
    [{ code: 0, data: [{ _id: ID, status: ['init'] }] }],
  ])('%j is a wrong shape', (body) => {
    expect(() => decodeAnswer(body, ID)).toThrow(expect.objectContaining({ reason: 'wrong-shape' }));
    expect(() => decodeAnswer(body, ID)).toThrow(UpstreamBadResponse);
    expect(() => decodeAnswer(body, ID)).toThrow(ContractViolation);
  });
});

describe('status', () => {
  test.each(['init', 'start', 'pending', 'process', 'copy', 'success', 'fail'])('%s', (word) => {
    expect(decode({ status: word }).status).toBe(word.toUpperCase());
  });

  test.each([
    ['completed', 'SUCCESS'],
    ['failed', 'FAIL'],
    ['error', 'FAIL'],
    [' Completed ', 'SUCCESS'],
  ])("%j, a word of A2E's other task APIs, reads as %s", (word, status) => {
    expect(decode({ status: word })).toMatchObject({ status, rawStatus: word });
  });

  test.each(['complete', 'failure', 'errors', 'unknown', 'constructor', '__proto__'])('%s is unknown', (word) => {
    expect(decode({ status: word })).toMatchObject({ status: 'UNKNOWN', rawStatus: word });
  });

  test('case and surrounding space do not matter, and rawStatus keeps them', () => {
    expect(decode({ status: ' Process\n' })).toMatchObject({ status: 'PROCESS', rawStatus: ' Process\n' });
  });
});

const overflow: unknown = JSON.parse('1e999');

describe('fields', () => {
  test.each([
    [0, 0],
    [-1, 0],
    [150, 100],
    [41.6, 42],
    ['57', 57],
    [' 57.4 ', 57],
    ['-3', 0],
    [-0.2, 0],
    ['', null],
    ['57%', null],
    ['0x10', null],
    ['1e1', null],
    ['NaN', null],
    ['Infinity', null],
    [overflow, null],
    [Number.NaN, null],
    [2 ** 31, null],
    [true, null],
    [[50], null],
    [{}, null],
    [null, null],
  ])('process %j is %j', (value, progress) => expect(decode({ process: value }).progress).toBe(progress));

  test.each([
    [2147483647, 2147483647],
    [-2147483648, -2147483648],
    [2147483648, null],
    ['99999999999', null],
    ['-5', -5],
    [-0, 0],
  ])('diff_s %j is %j', (value, seconds) => expect(decode({ diff_s: value }).elapsedSeconds).toBe(seconds));

  test.each([
    ['words', 'words'],
    ['', null],
    [' \n', null],
    [7, '7'],
    [overflow, null],
    [false, null],
    [['a'], null],
    [{ a: 1 }, null],
  ])('msg %j is %j', (value, message) => expect(decode({ msg: value }).message).toBe(message));

  test('anchor_type as a number, custom_backs_id as an id', () => {
    expect(decode({ anchor_type: 0, custom_backs_id: '64a' })).toMatchObject({
      anchorType: '0',
      customBackgroundId: '64a',
    });
  });

  test.each([
    ['http://host', 'http://host/'],
    [' HTTPS://Host/a b ', 'https://host/a%20b'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['java\nscript:alert(1)', null],
    ['blob:https://host/x', null],
    ['file:///etc/passwd', null],
    ['//host/x', null],
    ['x.mp4', null],
    ['', null],
    [['https://host/'], null],
  ])('result %j is %j', (value, url) => {
    const task = decode({ result: value, result_people_url: value, result_bg_url: value });
    expect([task.resultUrl, task.resultPeopleUrl, task.resultBackgroundUrl]).toEqual([url, url, url]);
  });

  test.each([
    ['2023-10-11T05:21:26.855Z', 1697001686855],
    ['2023-10-11T13:21:26+08:00', 1697001686000],
    ['2023-10-11T13:21:26+0800', 1697001686000],
    ['2023-10-11 13:21+08', 1697001660000],
    ['2023-10-11T05:21:26.855999Z', 1697001686855],
    ['2023-10-10T19:51:26.8-09:30', 1697001686800],
    ['2024-02-29t05:21:26z', 1709184086000],
    ['2023-10-11T05:21:26', null],
    ['2023-02-29T05:21:26Z', null],
    ['2023-10-11T24:00:00Z', null],
    ['2023-10-11T05:60:00Z', null],
    ['2023-10-11T05:21:26+24:00', null],
    ['2023-10-11T05:21:26Z:30', null],
    ['2023-10-11T05:21:26GMT', null],
    ['0000-01-01T00:00:00+01:00', null],
    ['2023-00-10T05:21:26Z', null],
    ['2023-02-30T05:21:26Z', null],
    ['2023-10-11', null],
    ['+020000-01-01T00:00:00Z', null],
    ['soon', null],
    ['', null],
    [1697001686855, null],
    [{}, null],
  ])('createdAt %j is %j', (value, ms) => expect(decode({ createdAt: value }).createdAt).toBe(ms));

  test.each([
    ['2023-10-11 15:12:11', 1697008331000],
    ['2023-13-11 15:12:11', null],
    ['2023-10-11 24:12:11', null],
    ['2023-10-11T15:12:11', null],
    ['0000-01-01 00:00:00', null],
    ['Invalid date', null],
    [null, null],
  ])('current_date %j is %j', (value, ms) => expect(decode({ current_date: value }).reportedAt).toBe(ms));
});

describe('long texts', () => {
  const URL_START = 'https://a2e.example/';

  test('a message and a raw status are cut', () => {
    expect(decode({ msg: 'm'.repeat(4_096) }).message).toHaveLength(4_096);
    expect(decode({ msg: 'm'.repeat(900_000) }).message).toBe('m'.repeat(4_096));
    expect(decode({ status: 's'.repeat(900_000) })).toMatchObject({ status: 'UNKNOWN', rawStatus: 's'.repeat(256) });
  });

  test('a cut keeps the word behind long white space', () => {
    expect(decode({ status: `${' '.repeat(300)}failed` })).toMatchObject({ status: 'FAIL', rawStatus: 'failed' });
    expect(decode({ msg: `${' '.repeat(9_000)}words` }).message).toBe('words');
  });

  test('a cut leaves no half of a surrogate pair', () => {
    const { message } = decode({ msg: `${'m'.repeat(4_095)}\u{1F600}` });
    expect(message).toBe('m'.repeat(4_095));
  });

  test.each([
    ['anchor_id', 'anchorId'],
    ['anchor_type', 'anchorType'],
    ['color', 'color'],
    ['replace_bg_id', 'replaceBackgroundId'],
    ['custom_backs_id', 'customBackgroundId'],
  ] as const)('%s is null past 256 characters', (name, field) => {
    expect(decode({ [name]: 'x'.repeat(256) })[field]).toHaveLength(256);
    expect(decode({ [name]: 'x'.repeat(257) })[field]).toBeNull();
  });

  test.each([
    ['result', 'resultUrl'],
    ['result_people_url', 'resultPeopleUrl'],
    ['result_bg_url', 'resultBackgroundUrl'],
  ] as const)('%s is null past 8,192 characters, escapes included', (name, field) => {
    const rest = 8_192 - URL_START.length;
    expect(decode({ [name]: URL_START + 'x'.repeat(rest) })[field]).toHaveLength(8_192);
    expect(decode({ [name]: URL_START + 'x'.repeat(rest + 1) })[field]).toBeNull();
    expect(decode({ [name]: URL_START + '\u00e9'.repeat(rest) })[field]).toBeNull();
  });
});

test('known own fields only', () => {
  const body: unknown = JSON.parse(
    `{"code":0,"data":[{"_id":"${ID}","status":"init","extra":1,"__proto__":{"msg":"inherited"},"constructor":{"a":1}}]}`,
  );
  const task = decodeAnswer(body, ID);
  expect(task?.message).toBeNull();
  expect(Object.keys(task ?? {})).toEqual(Object.keys(decode({})));
  expect(Object.getPrototypeOf(task)).toBe(Object.prototype);
  expect(() => decodeAnswer(Object.create({ code: 0, data: [] }), ID)).toThrow(ContractViolation);
});
