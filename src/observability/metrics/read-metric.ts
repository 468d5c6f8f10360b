import { getOrInsert } from '../../get-or-insert.ts';

/** A value, or a reading for each value of the first label. */
export type Reading = number | { readonly [labelValue: string]: Reading };

/** The name of a metric and its `HELP` line; `labels`: the names of its labels. */
export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * A metric whose finite values are read at each scrape, in the Prometheus text format. Help and the values of labels are
 * fixed text without quotation marks, backslashes and line breaks, so a line begins with the same text at every scrape. That text is built once, because scrapes take their time from updates.
 */
export class ReadMetric {
  readonly #head: string;
  readonly #series: Series;
  readonly #read: () => Reading;

  constructor(type: 'counter' | 'gauge', { name, help, labels = [] }: MetricDescription, read: () => Reading) {
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
    this.#series = new Series(name, labels);
    this.#read = read;
  }

  /** The lines of the metric. Each ends with a newline. */
  text(): string {
    return this.#head + this.#series.text(this.#read());
  }
}

/** The series with the same values of their first labels; `pairs`: these labels. */
class Series {
  readonly #name: string;
  readonly #labels: readonly string[];
  readonly #pairs: readonly string[];
  readonly #lineStart: string;
  readonly #byValue = new Map<string, Series>();

  constructor(name: string, labels: readonly string[], pairs: readonly string[] = []) {
    this.#name = name;
    this.#labels = labels;
    this.#pairs = pairs;
    this.#lineStart = pairs.length === 0 ? `${name} ` : `${name}{${pairs.join()}} `;
  }

  text(reading: Reading): string {
    if (typeof reading === 'number') return `${this.#lineStart}${reading}\n`;
    let text = '';
    for (const [value, inner] of Object.entries(reading)) text += this.#with(value).text(inner);
    return text;
  }

  #with(value: string): Series {
    return getOrInsert(this.#byValue, value, () => {
      const pair = `${this.#labels[this.#pairs.length]}="${value}"`;
      return new Series(this.#name, this.#labels, [...this.#pairs, pair]);
    });
  }
}
