import type { ServerResponse } from 'node:http';
import type { Metrics } from '../../observability/metrics.ts';
import type { Readiness } from '../../observability/readiness.ts';
import { reply, replyJson } from '../http/reply.ts';

/** The paths that an operator's tools read. */
export interface OperatorRoutesOptions {
  readonly readiness: Readiness;
  /** null: not served here. */
  readonly metrics: Metrics | null;
}

/** Whether the path is a probe: it is served for any `Host`, because an orchestrator asks by an address of its own. */
export function isProbe(pathname: string): boolean {
  return pathname === '/healthz' || pathname === '/readyz';
}

/** Answers `/healthz`, `/readyz` and `/metrics`; false: the path is another. */
export async function serveOperator(
  pathname: string,
  response: ServerResponse,
  { readiness, metrics }: OperatorRoutesOptions,
): Promise<boolean> {
  if (pathname === '/healthz') {
    replyJson(response, 200, { status: 'ok' });
  } else if (pathname === '/readyz') {
    const report = readiness.report();
    replyJson(response, report.ready ? 200 : 503, report);
  } else if (pathname === '/metrics' && metrics) {
    const { contentType, text } = await metrics.scrape(response.req.headers.accept);
    reply(response, 200, { 'content-type': contentType }, text);
  } else return false;
  return true;
}
