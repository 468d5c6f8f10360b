import type { ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { later } from './answer.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const CHUNK = Buffer.alloc(16 * 1024, ' ');

/** Writes the body a few bytes at a time. */
export function sendDrip(response: ServerResponse, body: string, bytes: number, everyMs: number): void {
  const whole = Buffer.from(body);
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': whole.length });
  response.flushHeaders();
  const drop = (from: number) => {
    response.write(whole.subarray(from, from + bytes));
    if (from + bytes >= whole.length) response.end();
    else later(response, everyMs, () => drop(from + bytes));
  };
  drop(0);
}

/** Writes for ever, as fast as the other side reads. */
export function sendEndless(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': JSON_TYPE });
  response.write('{"code":0,"data":[');
  // By turns of the event loop, so that a fast reader does not delay other calls.
  const pour = () => {
    if (response.destroyed) return;
    if (response.write(CHUNK)) setImmediate(pour);
    else response.once('drain', pour);
  };
  pour();
}

/** Promises the whole body and writes half of it; then ends the connection, or leaves it open and silent. */
export function sendHalf(response: ServerResponse, body: string, then: 'close' | 'silence'): void {
  const whole = Buffer.from(body);
  response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': whole.length });
  response.write(whole.subarray(0, whole.length >> 1), () => {
    if (then === 'close') response.socket?.end();
  });
}

/** A JSON text made longer by that many spaces, which changes nothing of what it says. */
export function padded(body: string, bytes: number): string {
  return `${body}${' '.repeat(bytes)}`;
}

/** Sends the padded body gzipped, also if the request does not accept gzip. */
export function sendBomb(response: ServerResponse, body: string, bytes: number): void {
  gzip(padded(body, bytes), (error, bomb) => {
    if (error) response.destroy();
    if (response.destroyed) return;
    response.writeHead(200, { 'content-type': JSON_TYPE, 'content-encoding': 'gzip', 'content-length': bomb.length });
    response.end(bomb);
  });
}
