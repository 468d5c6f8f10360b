import type { IncomingMessage } from 'node:http';
import type { VideoOrder } from './create-video.ts';

const MAX_BODY_BYTES = 10_000;

/** The request is at fault; the message is for its sender. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Refuses a name that another site has pointed at this address, and a request that the page of another site sends. */
export function checkSender({ headers }: IncomingMessage, ownOrigin: string): void {
  if (headers.host !== new URL(ownOrigin).host) throw new Refusal(421, 'This host is not served here');
  if ((headers.origin ?? ownOrigin) !== ownOrigin) throw new Refusal(403, 'This origin may not call');
}

/** The order in the body, or a refusal that says what is wrong with it. */
export async function readOrder(request: IncomingMessage): Promise<VideoOrder> {
  // A page of another site can send the other types without asking first.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'The body must be application/json');
  }
  const { title, audioSrc } = parseObject(await readBody(request));
  if (typeof title !== 'string' || title.trim() === '') throw new Refusal(400, 'title must be a text');
  if (typeof audioSrc !== 'string' || !/^https?:$/.test(URL.parse(audioSrc)?.protocol ?? '')) {
    throw new Refusal(400, 'audioSrc must be an http or https URL');
  }
  return { title, audioSrc };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // The answer is the same.
  }
  throw new Refusal(400, 'The body must be a JSON object');
}

/** Reads a long body to its end, so that the sender sees the answer, but keeps none of the rest. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal(413, `The body must be at most ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(chunks).toString();
}
