import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/observability/log.ts';
import { OutageLog } from '../../../src/observability/outage-log.ts';
import { ReportedExporter } from '../../../src/observability/tracing/reported-exporter.ts';

/** An exporter with the methods that the interface demands, whose batches end as they are told to. */
class ScriptedExporter implements SpanExporter {
  result: ExportResult = { code: ExportResultCode.SUCCESS };

  export(_spans: ReadableSpan[], onResult: (result: ExportResult) => void): void {
    onResult(this.result);
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function build() {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const scripted = new ScriptedExporter();
  const outage = new OutageLog({ log, name: 'trace collector', awayAfterMs: 0, failureCountsForMs: null });
  const reported = new ReportedExporter(scripted, outage);
  /** What the processor hears of a batch that ends so. */
  const deliver = (result: ExportResult): ExportResult[] => {
    const heard: ExportResult[] = [];
    scripted.result = result;
    reported.export([], (outcome) => heard.push(outcome));
    return heard;
  };
  return { reported, deliver, lines };
}

const SUCCESS = { code: ExportResultCode.SUCCESS };

test('a failed batch is one line and is dropped, and the next delivered batch ends the outage', () => {
  const { reported, deliver, lines } = build();
  const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  expect(deliver({ code: ExportResultCode.FAILED, error })).toEqual([SUCCESS]);
  expect(deliver({ code: ExportResultCode.FAILED, error })).toEqual([SUCCESS]);
  expect(reported.isFailing).toBe(true);
  expect(deliver(SUCCESS)).toEqual([SUCCESS]);
  expect(reported.isFailing).toBe(false);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'trace collector fails', reason: 'ECONNREFUSED' },
    { msg: 'trace collector answers again', failures: { ECONNREFUSED: 1 } },
  ]);
});

const SECRET = 'an answer of the collector';
const withCode = (code: unknown): Error => Object.assign(new Error(SECRET), { code });

test.each<[name: string, error: Error | undefined, reason: string]>([
  ['the code of the system', withCode('ETIMEDOUT'), 'ETIMEDOUT'],
  ['the status of an answer', withCode(404), '404'],
  ['the code of the cause', new Error(SECRET, { cause: withCode('ECONNRESET') }), 'ECONNRESET'],
  ['its name, because its code is neither word nor number', withCode({ text: SECRET }), 'Error'],
  ['its name, because neither it nor its cause has a code', new TypeError(SECRET, { cause: SECRET }), 'TypeError'],
  ['unknown, because there is no error', undefined, 'unknown'],
])('the reason in the log is %s', (_name, error, reason) => {
  const { deliver, lines } = build();
  deliver({ code: ExportResultCode.FAILED, ...(error && { error }) });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ reason, failures: { [reason]: 1 } }]);
  expect(lines.join()).not.toContain(SECRET);
});

test('an exporter that buffers nothing, and so has no `forceFlush`, is flushed at once', async () => {
  await expect(build().reported.forceFlush()).resolves.toBeUndefined();
});
