import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { OutageLog } from '../outage-log.ts';

/** The code of a result of success: `ExportResultCode.SUCCESS`, without a load of the package. */
const SUCCESS = 0;

/**
 * An exporter that reports its failures to an outage log: one line when the collector fails, a summary now and then, and one
 * line when it answers again. A failed batch is dropped, so the processor hears of success.
 */
export class ReportedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #outage: OutageLog;
  #isFailing = false;

  constructor(exporter: SpanExporter, outage: OutageLog) {
    this.#exporter = exporter;
    this.#outage = outage;
  }

  /** The last batch could not be delivered. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  export(spans: ReadableSpan[], onResult: (result: ExportResult) => void): void {
    this.#exporter.export(spans, ({ code, error }) => {
      this.#isFailing = code !== SUCCESS;
      if (this.#isFailing) this.#outage.failed(reasonOf(error));
      else this.#outage.succeeded();
      onResult({ code: SUCCESS });
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

/** The code or status of an error. Its message may hold the collector's answer. */
function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && (typeof cause.code === 'string' || typeof cause.code === 'number')) return `${cause.code}`;
  return error instanceof Error ? error.name : 'unknown';
}
