import { Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import type { Exemplar } from './exemplar.ts';

/** Every metric of the gateway itself begins with it. The metrics of the process have the usual names of prom-client. */
export const PREFIX = 'video_task_gateway_';

/** A value with its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The name of a metric and its `HELP` line; `labels`: the names of its labels. */
export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * The metrics of one gateway in the Prometheus text format. prom-client is the client that Prometheus lists for Node, so
 * dashboards know its names. Most values are read at the scrape, so that the hot path writes plain numbers.
 */
export class MetricRegistry {
  readonly #register = new Registry();
  /** The histograms again: prom-client writes exemplars in this format alone. */
  readonly #withExemplars = new Registry<OpenMetricsContentType>();

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
  gauge({ labels = [], ...rest }: MetricDescription, read: () => number | readonly Sample[]): void {
    new Gauge({
      ...rest,
      labelNames: labels,
      registers: [this.#register],
      collect() {
        for (const [sampleLabels, value] of samplesOf(read())) this.set(sampleLabels, value);
      },
    });
  }

  /** A counter that `read` supplies at each scrape; it never decreases. */
  total({ labels = [], ...rest }: MetricDescription, read: () => number | readonly Sample[]): void {
    new Counter({
      ...rest,
      labelNames: labels,
      registers: [this.#register],
      collect() {
        this.reset();
        for (const [sampleLabels, value] of samplesOf(read())) this.inc(sampleLabels, value);
      },
    });
  }

  get contentType(): string {
    return this.#register.contentType;
  }

  text(): Promise<string> {
    return this.#register.metrics();
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

/** One sample per key of a record, with the key as the value of `label`. */
export function samplesBy(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([word, value]) => [{ [label]: word }, value]);
}

function samplesOf(read: number | readonly Sample[]): readonly Sample[] {
  return typeof read === 'number' ? [[{}, read]] : read;
}
