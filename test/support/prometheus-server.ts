import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { killAtExit } from './child-processes.ts';
import { freePort } from './free-port.ts';
import { until } from './redis-server.ts';
import { findTool } from './tools.ts';

/** A rule as Prometheus has evaluated it. */
export interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** An exemplar as Prometheus keeps it. */
export interface KeptExemplar {
  readonly labels: Readonly<Record<string, string>>;
}

/** The answer to an instant query: one sample, a time and a value, per series. */
interface Vector {
  readonly result: readonly { readonly value: readonly [number, string] }[];
}

export interface PrometheusOptions {
  /** The paths of files with rules. */
  readonly ruleFiles?: readonly string[];
  /** Features of `--enable-feature`. */
  readonly features?: readonly string[];
}

/** A real Prometheus that scrapes one target quickly. */
export class PrometheusServer implements AsyncDisposable {
  readonly #url: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(url: string, stack: AsyncDisposableStack) {
    this.#url = url;
    this.#stack = stack;
  }

  /** Starts a server; resolves when it answers queries. */
  static async start(
    target: string,
    { ruleFiles = [], features = [] }: PrometheusOptions = {},
  ): Promise<PrometheusServer> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await mkdtempDisposable(join(tmpdir(), 'prometheus-')));
    const config = {
      global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '250ms' },
      rule_files: ruleFiles,
      scrape_configs: [{ job_name: 'video-task-gateway', static_configs: [{ targets: [new URL(target).host] }] }],
    };
    const configFile = join(path, 'prometheus.yml');
    await writeFile(configFile, stringify(config));
    const address = `127.0.0.1:${await freePort()}`;
    const flags = { 'config.file': configFile, 'storage.tsdb.path': join(path, 'data'), 'web.listen-address': address };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const enabled = features.map((feature) => `--enable-feature=${feature}`);
    const server = spawn(findTool('prometheus'), [...args, ...enabled, '--log.level=error'], { stdio: 'ignore' });
    killAtExit(server);
    stack.defer(async () => {
      const exit = once(server, 'exit');
      server.kill('SIGKILL');
      await exit;
    });
    const url = `http://${address}`;
    await until(async () => (await fetch(`${url}/-/ready`)).ok);
    return new PrometheusServer(url, stack.move());
  }

  /** The value of each series that a query yields, such as NaN; throws Prometheus's message when it is no valid query. */
  async query(query: string): Promise<readonly number[]> {
    const vector = await this.#get<Vector>(`query?${new URLSearchParams({ query })}`);
    return vector.result.map(({ value: [, value] }) => Number(value.replace('Inf', 'Infinity')));
  }

  /** The exemplars of the series that a query selects, with any time. */
  async exemplars(query: string): Promise<readonly KeptExemplar[]> {
    const path = `query_exemplars?${new URLSearchParams({ query })}`;
    const series = await this.#get<readonly { exemplars: readonly KeptExemplar[] }[]>(path);
    return series.flatMap(({ exemplars }) => exemplars);
  }

  /** All rules of all groups. */
  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = await this.#get<{ groups: readonly { rules: readonly EvaluatedRule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async #get<T>(path: string): Promise<T> {
    const answer = (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as { data: T; error?: string };
    if (answer.error !== undefined) throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
