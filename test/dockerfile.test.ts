import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { loadConfig } from '../src/config.ts';
import { execForm, pairsOf, readDockerfile, valuesOf } from './support/dockerfile.ts';

const ROOT = join(import.meta.dirname, '..');
const { preamble, stages } = readDockerfile(join(ROOT, 'Dockerfile'));
const [build, dependencies] = stages;
/** The stage that becomes the image. */
const image = stages.at(-1);
const ignored = (await readFile(join(ROOT, '.dockerignore'), 'utf8')).trim().split('\n');

describe('the image', () => {
  test('runs the gateway itself, as an ordinary user, and ends it by the signal that drains it', () => {
    expect(valuesOf(image, 'ENTRYPOINT').map(execForm)).toEqual([['node', manifest.bin['video-task-gateway']]]);
    expect(valuesOf(image, 'CMD')).toEqual([]);
    expect(valuesOf(image, 'USER')).toEqual(['1000:1000']);
    expect(valuesOf(image, 'STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  test('is built in three stages on the Node of the tests, in a version that a digest can pin', () => {
    expect(preamble).toEqual([{ name: 'ARG', value: `NODE_IMAGE=node:${manifest.devDependencies.node}-slim` }]);
    const from = '$NODE_IMAGE';
    expect(stages.map((stage) => stage[0]?.value)).toEqual([`${from} AS build`, `${from} AS dependencies`, from]);
  });

  test('holds the runtime dependencies and the built package, no tests and no tools', () => {
    const install = '--ignore-scripts --no-audit --no-fund';
    expect(valuesOf(build, 'RUN')).toEqual([`npm ci ${install}`, 'npm run build']);
    expect(valuesOf(dependencies, 'RUN')).toEqual([`npm pkg delete devDependencies && npm ci --omit=dev ${install}`]);
    expect(valuesOf(image, 'RUN')).toEqual([]);
    expect(valuesOf(image, 'COPY')).toEqual([
      '--from=dependencies /app/node_modules ./node_modules',
      '--from=build /app/dist ./dist',
      'package.json LICENSE ./',
    ]);
  });

  test('is built from files that exist, and from no file that no stage copies', () => {
    const copies = stages.flatMap((stage) => valuesOf(stage, 'COPY')).filter((value) => !value.startsWith('--from'));
    const sources = new Set(copies.flatMap((value) => value.split(' ').slice(0, -1)));
    expect([...sources].filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect(ignored.toSorted()).toEqual(['*', ...Array.from(sources, (source) => `!${source}`)].toSorted());
  });

  test('says what it is', () => {
    const labels = pairsOf(image, 'LABEL');
    const prefix = 'org.opencontainers.image';
    expect(labels).toEqual({
      [`${prefix}.title`]: manifest.name,
      [`${prefix}.description`]: manifest.description,
      [`${prefix}.version`]: manifest.version,
      [`${prefix}.revision`]: '$REVISION',
      [`${prefix}.licenses`]: manifest.license,
    });
  });

  test('listens on every address, in production', () => {
    const env = pairsOf(image, 'ENV');
    expect(env).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '4000' });
    expect(loadConfig(env)).toMatchObject({ host: '0.0.0.0', port: 4000, http: { graphiql: false } });
    expect(valuesOf(image, 'EXPOSE')).toEqual(['4000']);
  });

  test('asks /healthz whether it is healthy, with a script that Node can parse', () => {
    const [node, flag, script, ...rest] = execForm(valuesOf(image, 'HEALTHCHECK')[0]);
    expect([node, flag, rest]).toEqual(['node', '-e', []]);
    expect(script).toContain('/healthz');
    expect(() => new Function(script ?? '')).not.toThrow();
  });
});
