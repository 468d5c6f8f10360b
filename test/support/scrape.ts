/** A metric as a scrape describes it. */
export interface DescribedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** The names of its labels, without the bounds of a histogram. */
  readonly labels: readonly string[];
}

/** The metrics of a scrape in the Prometheus text format, in its order. */
export function describedMetrics(scrape: string): readonly DescribedMetric[] {
  const described = /^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)\n((?:(?!#).+\n)*)/gm;
  return Array.from(scrape.matchAll(described), ([, name = '', help = '', type = '', samples = '']) => ({
    name,
    type,
    help,
    labels: [...new Set(Array.from(samples.matchAll(/[{,](\w+)="/g), ([, label = '']) => label))].filter(
      (label) => label !== 'le',
    ),
  }));
}

/** The value of one series of a scrape, named as in the scrape, labels included; undefined when there is none. */
export function seriesValue(scrape: string, series: string): number | undefined {
  const line = scrape.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
