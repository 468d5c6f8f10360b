import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson, readBody, sendJson } from './answer.ts';
import { ADMIN_PATH, CONTROL_METHODS, type SimulatorControl } from './control.ts';
import { DEMO_TASKS } from './demo-tasks.ts';
import { FAULT_KINDS } from './fault-answers.ts';

/**
 * Answers `POST /_sim/METHOD` with the arguments as a JSON array (an empty body: none), null standing for an argument
 * left out. The result comes back as JSON; a bad argument is answered 400 with `{"error": …}`. `GET /_sim` says what
 * there is.
 */
export async function answerAdmin(
  control: SimulatorControl,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (isCrossSite(request)) return sendJson(response, 403, { error: 'no page may steer the simulator' });
  const name = path.slice(ADMIN_PATH.length + 1);
  if (name === '') {
    const demoTasks = DEMO_TASKS.map(({ id, description }) => ({ id, description }));
    return sendJson(response, 200, { methods: CONTROL_METHODS, faultKinds: FAULT_KINDS, demoTasks });
  }
  const method = CONTROL_METHODS.find((known) => known === name);
  if (method === undefined) return sendJson(response, 404, { error: `no ${name}: see ${ADMIN_PATH}` });
  if (request.method !== 'POST') return sendJson(response, 405, { error: 'only POST' });
  const body = await readBody(request);
  const parameters = body === '' ? [] : parseJson(body ?? '');
  if (!Array.isArray(parameters)) return sendJson(response, 400, { error: 'the body must be a JSON array' });
  try {
    const given: unknown[] = parameters.map((parameter) => parameter ?? undefined);
    const result: unknown = await Reflect.apply(control[method], control, given);
    sendJson(response, 200, result ?? null);
  } catch (error) {
    sendJson(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** A script sends neither header; a browser sends one of them with every POST, and with every GET to a loopback address. */
function isCrossSite({ headers }: IncomingMessage): boolean {
  const { origin, 'sec-fetch-site': site = 'none' } = headers;
  return origin !== undefined || (site !== 'none' && site !== 'same-origin');
}
