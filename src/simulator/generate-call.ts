import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SimulatorState } from './a2e-call.ts';
import { parseJson, readBody, sendJson } from './answer.ts';
import { accepts, bearerToken, refusalAnswer } from './token-policy.ts';

/** The address of A2E that creates a video. */
export const GENERATE_PATH = '/api/v1/video/generate';

/** The fields that A2E's page "Generate AI Avatar Videos" calls required. */
const REQUIRED_FIELDS = [
  'anchor_id',
  'anchor_type',
  'audioSrc',
  'resolution',
  'web_bg_width',
  'web_bg_height',
  'web_people_width',
  'web_people_height',
  'web_people_x',
  'web_people_y',
];

/** Answers `POST /api/v1/video/generate`: creates a task that its token alone finds, and answers its id. */
export async function answerGenerate(
  { access, down, tasks }: SimulatorState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = parseJson((await readBody(request)) ?? '');
  if (response.destroyed) return;
  if (down) return void request.socket.destroy();
  const token = bearerToken(request.headers.authorization);
  if (!accepts(access, token)) {
    const refusal = refusalAnswer(access.refusal);
    return sendJson(response, refusal.status, refusal.body);
  }
  const given = new Map(Object.entries(typeof body === 'object' && body !== null ? body : {}));
  const missing = REQUIRED_FIELDS.find((name) => !given.has(name));
  if (missing !== undefined) return sendJson(response, 400, { code: 400, msg: `${missing} is required` });
  // A2E's ids are object ids of MongoDB.
  const id = randomBytes(12).toString('hex');
  const row = {
    anchor_id: given.get('anchor_id'),
    anchor_type: String(given.get('anchor_type')),
    web_bg_width: given.get('web_bg_width'),
    web_bg_height: given.get('web_bg_height'),
  };
  tasks.add(id, { owner: token, row });
  sendJson(response, 200, { code: 0, data: { _id: id } });
}
