import { expect, test } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { post } from '../../support/http-client.ts';
import { codesOf, TRANSPORTS } from '../../support/transports.ts';

const LOOK = 'query($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';
const READS_PER_ADDRESS = 5_000;

test.each(TRANSPORTS)(
  'past the reads that may wait %s answers OVERLOADED, and A2E is asked nothing',
  async (_name, call) => {
    await using pair = await startPair(
      { MAX_IDS: `${READS_PER_ADDRESS}`, MAX_BODY_BYTES: '1000000', UPSTREAM_MAX_CONCURRENCY: '1' },
      { latencyMs: 600_000 },
    );
    const { gateway, simulator } = pair;
    const ids = Array.from({ length: READS_PER_ADDRESS }, (_, index) => `waiting-${index}`);
    post(gateway.url, LOOK, { variables: { ids } }).catch(() => {});
    await simulator.waitForCalls(null, 1);
    const answer = await call(gateway.url, { query: LOOK, variables: { ids: ['late'] } });
    expect(codesOf(answer)).toEqual(['OVERLOADED']);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ retryAfterSeconds: 1 });
    expect(simulator.countFor('late')).toBe(0);
    const refused = await post(gateway.url, '{ not even a document');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  },
);
