/** POSTs that come on one connection without waiting for an answer. */
const PIPELINED = 1_500;
const IDS = 100;

/** POSTs of 100 ids each, each with an invented token and ids of its own, as they go over one connection. */
export function pipelinedPosts(count = PIPELINED): string {
  return Array.from({ length: count }, (_, index) => post(index)).join('');
}

function post(index: number): string {
  const ids = Array.from({ length: IDS }, (_, id) => `${(index * IDS + id).toString(36)}`);
  const query = `{videoTasks(ids:${JSON.stringify(ids)}){id}}`;
  const body = JSON.stringify({ query });
  const head = ['POST /graphql HTTP/1.1', 'host: localhost', 'content-type: application/json'];
  return [...head, `authorization: Bearer invented-${index}`, `content-length: ${body.length}`, '', body].join('\r\n');
}
