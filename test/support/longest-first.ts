import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute or more. */
const LONG = [
  'task/watch-model',
  'package/package',
  'security/abrupt-disconnects',
  'task/smooth-polling',
  'e2e/fan-out',
  'e2e/graphiql',
  'graphql/limits/id-limit',
  'security/log-lines',
].map((path) => `${path}.test.ts`);

/** Starts the long files first: one that starts last runs alone while the other workers have nothing left. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((path) => moduleId.endsWith(path));
    return (await super.sort(files)).toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)));
  }
}
