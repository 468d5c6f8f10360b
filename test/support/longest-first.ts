import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a quarter of a minute or more. */
const LONG = [
  'observability/on-call',
  'e2e/watch-page-connections',
  'task/watch-model',
  'e2e/graphiql',
  'watch-page/screen-reader',
  'redis/redis-deployments',
  'package/package',
  'live/subscription-memory',
  'security/abrupt-disconnects',
  'package/image',
  'clients/chromium',
  'soak/soak',
  'e2e/signals',
  'e2e/cluster-redis',
  'e2e/cluster-kill',
].map((path) => `${path}.test.ts`);

/** Starts the long files first: one that starts last runs alone while the other workers have nothing left. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((path) => moduleId.endsWith(path));
    return (await super.sort(files)).toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)));
  }
}
