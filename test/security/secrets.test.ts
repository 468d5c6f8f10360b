import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPair, TOKEN } from '../support/gateway.ts';
import { ask } from '../support/http-client.ts';
import { leakedSecrets } from '../support/leaked-secrets.ts';
import { TRANSPORTS } from '../support/transports.ts';

test('the search at the end of a run finds each kind of secret', () => {
  expect(leakedSecrets(`a\n{"authorization":"Bearer ${TOKEN}"}\nb`)).toEqual([`{"authorization":"Bearer ${TOKEN}"}`]);
});

test('every output of a gateway is searched: its log at debug level, errors, metrics', async () => {
  await using pair = await startPair();
  const { simulator, gateway } = pair;
  simulator.setTask('a', { status: 'process' });
  simulator.fault({ kind: 'code', id: 'b', times: 'always' });
  const proper = await (
    await fetch(`${simulator.url}/api/v1/video/awsResult`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ _id: 'a' }),
    })
  ).text();
  expect(leakedSecrets(proper)).toHaveLength(1);
  const query = 'query($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';
  for (const [, transport] of TRANSPORTS) await transport(gateway.url, { query, variables: { ids: ['a', 'b'] } });
  expect((await ask(`${gateway.url}/metrics`)).body).toContain('video_task_gateway_upstream_calls_total');
  await gateway[Symbol.asyncDispose]();
  const said = (kind: string) => {
    const { CAPTURE_DIR = '' } = process.env;
    const names = readdirSync(CAPTURE_DIR).filter((name) => name === `${kind}-${process.pid}`);
    return names.map((name) => readFileSync(join(CAPTURE_DIR, name), 'utf8')).join('');
  };
  expect(said('log')).toContain('A2E call');
  expect(said('error')).toContain('UPSTREAM_BAD_RESPONSE');
  expect(said('metrics')).toContain('video_task_gateway_upstream_calls_total');
  expect(leakedSecrets(said('log') + said('error') + said('metrics'))).toEqual([]);
});
