import type { ServerResponse } from 'node:http';
import { later, sendHtml, sendJson, sendText } from './answer.ts';
import type { FaultAction, FaultKind } from './fault.ts';
import { padded, sendBomb, sendDrip, sendEndless, sendHalf } from './fault-bodies.ts';

/** A call that a fault has struck. */
export interface FaultedCall {
  readonly response: ServerResponse;
  /** The rows a proper answer would have: one, or none. Only asking for them counts as a call in the task's script. */
  readonly rows: () => readonly Readonly<Record<string, unknown>>[];
}

type Answers = { readonly [K in FaultKind]: (call: FaultedCall, fault: Extract<FaultAction, { kind: K }>) => void };

const MEBIBYTE = 1024 * 1024;
const JSON_TYPE = 'application/json; charset=utf-8';

const ANSWERS: Answers = {
  status: ({ response }, { status, retryAfter, msg = 'injected' }) =>
    sendJson(response, status, { code: status, msg }, { 'retry-after': retryAfter?.toString() }),
  html: ({ response }, { status = 200 }) => sendHtml(response, status),
  'bad-json': ({ response }) => sendText(response, 200, JSON_TYPE, '{"code":0,"data":[{"_id":'),
  json: ({ response }, { body = { ok: true, task: { state: 'running' } } }) => sendJson(response, 200, body),
  raw: ({ response }, { body, status = 200, contentType = JSON_TYPE }) => sendText(response, status, contentType, body),
  code: ({ response }, { code = 1, msg = 'injected' }) =>
    sendJson(response, 200, { code, msg, data: null, trace_id: 'a1b2c3' }),
  'data-object': ({ response, rows }) => sendJson(response, 200, { code: 0, data: rows()[0] ?? {} }),
  'data-null': ({ response }) => sendJson(response, 200, { code: 0, data: null }),
  empty: ({ response }) => sendJson(response, 200, { code: 0, data: [] }),
  'many-rows': ({ response, rows }) => sendRows(response, rows().flatMap(amongOthers)),
  'other-id': ({ response, rows }, { otherId = 'task-of-another-owner' }) =>
    sendRows(
      response,
      rows().map((row) => ({ ...row, _id: otherId })),
    ),
  row: ({ response, rows }, { row: patch = {}, omit = [] }) =>
    sendRows(
      response,
      rows().map((row) => without({ ...row, ...patch }, omit)),
    ),
  drip: ({ response, rows }, { everyMs = 50, bytes = 1 }) => sendDrip(response, bodyOf(rows()), bytes, everyMs),
  'slow-headers': ({ response, rows }, { delayMs }) => later(response, delayMs, () => sendRows(response, rows())),
  hang: () => {},
  stall: ({ response, rows }) => sendHalf(response, bodyOf(rows()), 'silence'),
  endless: ({ response }) => sendEndless(response),
  huge: ({ response, rows }, { bytes = 2 * MEBIBYTE }) =>
    sendText(response, 200, JSON_TYPE, padded(bodyOf(rows()), bytes)),
  'gzip-bomb': ({ response, rows }, { bytes = 64 * MEBIBYTE }) => sendBomb(response, bodyOf(rows()), bytes),
  truncated: ({ response, rows }) => sendHalf(response, bodyOf(rows()), 'close'),
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  redirect: ({ response }, { location, status = 302 }) =>
    sendText(response, status, 'text/plain', `moved to ${location}`, { location }),
};

/** The names of all faults. */
export const FAULT_KINDS = Object.keys(ANSWERS);

/** Does to the call what the fault says. */
export function answerFault(call: FaultedCall, fault: FaultAction): void {
  const answer = ANSWERS[fault.kind] as (call: FaultedCall, fault: FaultAction) => void;
  answer(call, fault);
}

/** Sends those rows as A2E does. */
export function sendRows(response: ServerResponse, rows: readonly unknown[]): void {
  sendText(response, 200, JSON_TYPE, bodyOf(rows));
}

function bodyOf(rows: readonly unknown[]): string {
  return JSON.stringify({ code: 0, data: rows });
}

function amongOthers(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  return [{ ...row, _id: 'another-task', status: 'fail' }, row, { ...row, _id: 'yet-another-task', status: 'init' }];
}

function without(row: Record<string, unknown>, omit: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([field]) => !omit.includes(field)));
}
