import { Counter, Gauge, Histogram, Registry } from 'prom-client';

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

  /** A counter that `inc` raises. */
  counter<Label extends string>({ labels = [], ...rest }: MetricDescription & { labels?: readonly Label[] }) {
    return new Counter<Label>({ ...rest, labelNames: labels, registers: [this.#register] });
  }

  /** A histogram that `observe` fills. */
  histogram<Label extends string>({
    labels = [],
    ...rest
  }: MetricDescription & { labels?: readonly Label[]; buckets: number[] }) {
    return new Histogram<Label>({ ...rest, labelNames: labels, registers: [this.#register] });
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
}

/** One sample per key of a record, with the key as the value of `label`. */
export function samplesBy(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([word, value]) => [{ [label]: word }, value]);
}

function samplesOf(read: number | readonly Sample[]): readonly Sample[] {
  return typeof read === 'number' ? [[{}, read]] : read;
}
