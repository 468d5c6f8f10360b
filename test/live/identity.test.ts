import { expect, it } from 'vitest';
import { startPair } from '../support/gateway.ts';
import { connect } from '../support/ws-client.ts';

const ONE =
  'subscription One($id: ID!, $other: Boolean = true) { taskStatus(id: $id) { id progress @include(if: $other) } }';
const TWO = `subscription A($id: ID!) { taskStatus(id: $id) { id } }
  subscription B($id: ID!) { taskStatus(id: $id) { progress } }`;

interface Payload {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: unknown;
}

/** Subscribes to every payload on one socket: what each got, and how many executions it took. */
async function share(payloads: readonly (Payload | string)[]) {
  await using pair = await startPair();
  for (const id of ['1', 'x']) pair.simulator.setTask(id, { status: 'process', process: 42 });
  await using client = await connect(pair.gateway.url);
  // Until there is a state to show, only those who come within a moment share: so there is one for all.
  client.subscribe('known', 'subscription { taskStatuses(ids: ["1", "x"]) { id } }');
  await client.messages.count(3);
  for (const [index, payload] of payloads.entries()) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    client.send(`{"id":"s${index}","type":"subscribe","payload":${text}}`);
  }
  await client.messages.count(3 + payloads.length);
  const results = payloads.map((_, index) => {
    const { type, payload } = client.about(`s${index}`)[0] ?? {};
    return type === 'next' ? (payload as { data: { taskStatus: unknown } }).data.taskStatus : type;
  });
  return { results, executions: pair.gateway.counts().liveResults - 1 };
}

it('is the same in any order of the variables', async () => {
  const { results, executions } = await share([
    { query: ONE, variables: { id: 'x', other: true } },
    { query: ONE, variables: { other: true, id: 'x' } },
  ]);
  expect(results).toEqual([
    { id: 'x', progress: 42 },
    { id: 'x', progress: 42 },
  ]);
  expect(executions).toBe(1);
});

it('is another for another variable, left out, null or not', async () => {
  const { results, executions } = await share([
    { query: ONE, variables: { id: 'x', other: true } },
    { query: ONE, variables: { id: 'x', other: false } },
    { query: ONE, variables: { id: '1', other: true } },
  ]);
  expect(results).toEqual([{ id: 'x', progress: 42 }, { id: 'x' }, { id: '1', progress: 42 }]);
  expect(executions).toBe(3);
});

it('is another for another operation of the same document', async () => {
  const { results, executions } = await share([
    { query: TWO, operationName: 'A', variables: { id: 'x' } },
    { query: TWO, operationName: 'B', variables: { id: 'x' } },
  ]);
  expect(results).toEqual([{ id: 'x' }, { progress: 42 }]);
  expect(executions).toBe(2);
});

it('distinguishes a number from the same text', async () => {
  const { results } = await share([
    { query: ONE, variables: { id: 1 } },
    { query: ONE, variables: { id: '1' } },
    { query: ONE, variables: { id: 1.5 } },
    { query: ONE, variables: { id: true } },
  ]);
  expect(results).toEqual([{ id: '1', progress: 42 }, { id: '1', progress: 42 }, 'error', 'error']);
});

it('reads a key called __proto__ as a key like any other', async () => {
  const variables = '{"id":"x","__proto__":{"other":false}}';
  const { results } = await share([
    `{"query":${JSON.stringify(ONE)},"variables":${variables}}`,
    { query: ONE, variables: { id: 'x' } },
  ]);
  expect(results).toEqual([
    { id: 'x', progress: 42 },
    { id: 'x', progress: 42 },
  ]);
});

it('is the same for texts that differ in white space, comments, names of operations and unused operations', async () => {
  const { executions, results } = await share([
    { query: ONE, variables: { id: 'x' } },
    { query: `# a comment\n${ONE.replaceAll(' ', '\n ')} `, variables: { id: 'x' } },
    { query: ONE.replace('One', 'Other'), operationName: 'Other', variables: { id: 'x' } },
    { query: ONE.replace('One', ''), variables: { id: 'x' } },
    { query: `${ONE} query Beside { __typename }`, operationName: 'One', variables: { id: 'x' } },
  ]);
  expect(results).toEqual(Array.from({ length: 5 }, () => ({ id: 'x', progress: 42 })));
  expect(executions).toBe(1);
});

it('is another for another selection, alias, argument or name of a variable', async () => {
  const { executions } = await share([
    { query: ONE, variables: { id: 'x' } },
    { query: ONE.replace('id progress', 'progress id'), variables: { id: 'x' } },
    { query: ONE.replace('{ id', '{ a: id'), variables: { id: 'x' } },
    { query: ONE.replaceAll('$id', '$task'), variables: { task: 'x' } },
    { query: ONE.replace('= true', '= false'), variables: { id: 'x' } },
  ]);
  expect(executions).toBe(5);
});
