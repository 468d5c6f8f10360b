import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

const BODY_LIMIT_BYTES = 64 * 1024;

/** Sends text in one write. */
export function sendText(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: OutgoingHttpHeaders = {},
): void {
  if (response.destroyed) return;
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Sends a value as JSON in one write. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers?: OutgoingHttpHeaders): void {
  sendText(response, status, 'application/json; charset=utf-8', JSON.stringify(body) ?? 'null', headers);
}

/** A page as a web server or a proxy in front of A2E writes it. */
export function sendHtml(response: ServerResponse, status: number): void {
  const title = status === 404 ? '404 Not Found' : status === 200 ? 'A2E' : `${status} Error`;
  const page = `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
  sendText(response, status, 'text/html; charset=utf-8', page);
}

/** The whole body of a request as text; null when it was broken off or is larger than 64 KiB. */
export function readBody(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
    });
    request.on('end', () => resolve(size > BODY_LIMIT_BYTES ? null : Buffer.concat(chunks).toString()));
    request.on('close', () => resolve(null));
    request.on('error', () => resolve(null));
  });
}

/** A body as JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs `act` after `ms`, unless the response is closed first. */
export function later(response: ServerResponse, ms: number, act: () => void): void {
  const timer = setTimeout(act, ms);
  response.once('close', () => clearTimeout(timer));
}
