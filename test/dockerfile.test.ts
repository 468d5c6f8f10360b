import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** The stages of the Dockerfile, each from its FROM on. */
let stages: readonly (readonly Instruction[])[];
let ignored: readonly string[];

beforeAll(async () => {
  const read = (file: string): Promise<string> => readFile(join(import.meta.dirname, '..', file), 'utf8');
  const lines = (await read('Dockerfile')).replaceAll('\\\n', '').split('\n');
  const instructions = lines.filter((line) => /^[A-Z]/.test(line)).map(parse);
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  stages = starts.map((start, index) => instructions.slice(start, starts[index + 1]));
  ignored = (await read('.dockerignore')).trim().split('\n');
});

function parse(line: string): Instruction {
  const [name = '', ...words] = line.split(/\s+/);
  return { name, value: words.join(' ') };
}

/** The values of one kind of instruction in the stage that becomes the image. */
function final(name: string): readonly string[] {
  return (stages.at(-1) ?? []).filter((instruction) => instruction.name === name).map(({ value }) => value);
}

/** The command line of an instruction in exec form, which no shell stands in front of: signals reach the process. */
function execForm(value: string | undefined): unknown {
  return JSON.parse(value?.slice(value.indexOf('[')) ?? 'null');
}

describe('the image', () => {
  test('runs the gateway itself, as an ordinary user', () => {
    expect(final('CMD').map(execForm)).toEqual([['node', 'src/main.ts']]);
    expect(final('USER')).toEqual(['node']);
    expect(final('ENTRYPOINT')).toEqual([]);
  });

  test('is built in two stages on a Node that runs the sources', async () => {
    const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
    expect(manifest.engines.node).toBe('>=24');
    expect(stages.map((stage) => stage[0]?.value)).toEqual(['node:26-slim AS dependencies', 'node:26-slim']);
  });

  test('holds the runtime dependencies and the sources, no tests and no tools', () => {
    const installs = stages.flat().filter(({ name }) => name === 'RUN');
    expect(installs.map(({ value }) => value)).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
    expect(final('RUN')).toEqual([]);
    expect(final('COPY')).toEqual([
      '--from=dependencies /app/node_modules ./node_modules',
      'package.json ./',
      'src ./src',
    ]);
    const allowed = ['*', '!package.json', '!package-lock.json', '!src', 'src/demo.ts', 'src/simulator'];
    expect(ignored).toEqual(allowed);
  });

  test('listens on every address, in production', () => {
    const pairs = final('ENV').flatMap((value) => value.split(' ').map((pair) => pair.split('=')));
    const env = Object.fromEntries(pairs) as Record<string, string>;
    expect(env).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000' });
    expect(loadConfig(env)).toMatchObject({ host: '0.0.0.0', port: 4000, http: { graphiql: false } });
    expect(final('EXPOSE')).toEqual(['4000']);
  });

  test('asks /healthz whether it is healthy, with a script that Node can parse', () => {
    const [check] = final('HEALTHCHECK');
    const [node, flag, script, ...rest] = execForm(check) as string[];
    expect([node, flag, rest]).toEqual(['node', '-e', []]);
    expect(script).toContain('/healthz');
    expect(() => new Function(script ?? '')).not.toThrow();
  });
});
