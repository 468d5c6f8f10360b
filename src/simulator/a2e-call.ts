import type { IncomingMessage, ServerResponse } from 'node:http';
import { later, parseJson, readBody, sendJson } from './answer.ts';
import type { CallLog } from './call-log.ts';
import { answerFault, sendRows } from './fault-answers.ts';
import type { FaultRegistry } from './fault-registry.ts';
import type { TaskResponse } from './simulated-task.ts';
import type { TaskStore } from './task-store.ts';
import { accepts, bearerToken, refusalAnswer, type TokenPolicy } from './token-policy.ts';

/** The address of A2E that tells the state of a task. */
export const AWS_RESULT_PATH = '/api/v1/video/awsResult';

/** What an answer depends on; changed from outside while the simulator runs. */
export interface SimulatorState {
  access: TokenPolicy;
  down: boolean;
  latencyMs: number;
  readonly now: () => number;
  readonly resultOrigin: string;
  readonly tasks: TaskStore;
  readonly faults: FaultRegistry;
  readonly log: CallLog;
}

interface A2eCall {
  readonly id: string;
  readonly token: string;
  readonly response: ServerResponse;
}

/** Answers `POST /api/v1/video/awsResult`: counted first; then down, a fault, a bad token, a bad body, the task. */
export async function answerCall(
  world: SimulatorState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === null && response.destroyed) return;
  const call: A2eCall = { id: idOf(body), token: bearerToken(request.headers.authorization), response };
  response.once('close', world.log.begin(call.id, call.token));
  if (world.down) return void response.socket?.destroy();
  if (world.latencyMs > 0) await new Promise<void>((resolve) => later(response, world.latencyMs, resolve));
  answer(world, call);
}

function answer(world: SimulatorState, call: A2eCall): void {
  const { id, token, response } = call;
  const fault = world.faults.match(id, token);
  if (fault) {
    answerFault({ response, rows: () => rowsOf(readTask(world, call)) }, fault);
  } else if (!accepts(world.access, token)) {
    const { status, body } = refusalAnswer(world.access.refusal);
    sendJson(response, status, body);
  } else if (id === '') {
    sendJson(response, 400, { code: 400, msg: '_id is required' });
  } else {
    answerReading(response, readTask(world, call));
  }
}

function answerReading(response: ServerResponse, reading: TaskResponse | null): void {
  const rows = rowsOf(reading);
  if (reading?.fault) answerFault({ response, rows: () => rows }, reading.fault);
  else sendRows(response, rows);
}

function readTask({ tasks, now, resultOrigin }: SimulatorState, { id, token }: A2eCall): TaskResponse | null {
  return tasks.find(id, token)?.call({ now: now(), resultOrigin }) ?? null;
}

function rowsOf(reading: TaskResponse | null): TaskResponse['row'][] {
  return reading ? [reading.row] : [];
}

function idOf(body: string | null): string {
  const json = parseJson(body ?? '');
  if (typeof json !== 'object' || json === null || !('_id' in json)) return '';
  return typeof json._id === 'string' ? json._id : '';
}
