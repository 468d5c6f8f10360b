import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter } from 'vitest/node';
import { leakedSecrets } from './leaked-secrets.ts';

/**
 * Searches the outputs of all gateways of a test run for upstream tokens and words of upstream bodies: their logs at
 * debug level, the errors that clients received, the metrics at their end, and the output of the tests. One match fails
 * the run.
 */
export class SecretsReporter implements Reporter {
  readonly #directory = mkdtempSync(join(tmpdir(), 'captured-'));
  #printed = '';

  onInit(): void {
    process.env['CAPTURE_DIR'] = this.#directory;
  }

  onUserConsoleLog({ content }: Parameters<NonNullable<Reporter['onUserConsoleLog']>>[0]): void {
    this.#printed += content;
  }

  onTestRunEnd(): void {
    const sources = readdirSync(this.#directory).map((name) => [name, join(this.#directory, name)] as const);
    const texts = [
      ...sources.map(([name, path]) => [name, readFileSync(path, 'utf8')] as const),
      ['printed', this.#printed] as const,
    ];
    rmSync(this.#directory, { recursive: true });
    const leaks = texts.flatMap(([name, text]) => leakedSecrets(text).map((line) => `${name}: ${line}`));
    const lines = texts.reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0);
    process.stdout.write(
      `\n${lines} lines of logs, errors, metrics and output searched for secrets: ${leaks.length} found\n`,
    );
    if (leaks.length === 0) return;
    process.exitCode = 1;
    process.stderr.write(`${leaks.slice(0, 20).join('\n')}\n`);
  }
}
