import { Counter, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import type { Exemplar } from './exemplar.ts';
import { type MetricDescription, type Reading, ReadMetric } from './read-metric.ts';

/** Every metric of the gateway itself begins with it. The metrics of the process have the usual names of prom-client. */
export const PREFIX = 'video_task_gateway_';

/**
 * The metrics of one gateway in the Prometheus text format. Most values are read at the scrape, so that the hot path writes
 * plain numbers. prom-client, the client that Prometheus lists for Node, keeps the values that are labelled, timed or given
 * an exemplar as they happen.
 */
export class MetricRegistry {
  readonly #register = new Registry();
  /** The histograms again: prom-client writes exemplars in this format alone. */
  readonly #withExemplars = new Registry<OpenMetricsContentType>();
  readonly #read: ReadMetric[] = [];

  constructor() {
    this.#withExemplars.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  /** A counter that `inc` raises. */
  counter<Label extends string>({ labels = [], ...rest }: MetricDescription & { labels?: readonly Label[] }) {
    return new Counter<Label>({ ...rest, labelNames: labels, registers: [this.#register] });
  }

  /** A histogram that `observe` fills, with or without an exemplar. */
  histogram<Label extends string>({
    labels = [],
    ...rest
  }: MetricDescription & { labels?: readonly Label[]; buckets: number[] }) {
    const registers = [this.#withExemplars];
    const histogram = new Histogram<Label | keyof Exemplar>({
      ...rest,
      labelNames: labels,
      registers,
      enableExemplars: true,
    });
    this.#register.registerMetric(histogram);
    return histogram;
  }

  /** A gauge that `read` supplies at each scrape. */
  gauge(description: MetricDescription, read: () => Reading): void {
    this.#read.push(new ReadMetric('gauge', description, read));
  }

  /** A counter that `read` supplies at each scrape; it never decreases. */
  total(description: MetricDescription, read: () => Reading): void {
    this.#read.push(new ReadMetric('counter', description, read));
  }

  get contentType(): string {
    return this.#register.contentType;
  }

  /** The metrics that prom-client keeps, then the others in the order in which they were added. */
  async text(): Promise<string> {
    let text = await this.#register.metrics();
    for (const metric of this.#read) text += `\n${metric.text()}`;
    return text;
  }

  /** The same metrics as OpenMetrics, with exemplars: content type and text. */
  async openMetrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    const [text, histograms] = await Promise.all([this.text(), this.#withExemplars.metrics()]);
    const names = this.#withExemplars.getMetricsAsArray().map(({ name }) => name);
    return { contentType: Registry.OPENMETRICS_CONTENT_TYPE, text: openMetricsOf(text, names) + histograms };
  }
}

/**
 * The Prometheus text format as OpenMetrics, without the metrics of these names: blocks follow each other without a blank
 * line, and the family of a counter is named without `_total`. The registry of prom-client that is switched to OpenMetrics
 * renames its counters for good, so that the other format loses their `_total`.
 */
function openMetricsOf(text: string, without: readonly string[]): string {
  return text
    .trimEnd()
    .split('\n\n')
    .filter((block) => !without.some((name) => block.startsWith(`# HELP ${name} `)))
    .map((block) => `${block.replaceAll(/^(# (?:HELP|TYPE) \S+)_total /gm, '$1 ')}\n`)
    .join('');
}
