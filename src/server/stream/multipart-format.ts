import type { StreamFormat } from './stream-format.ts';

const HEADER = '\r\ncontent-type: application/json\r\n\r\n';

/**
 * The format of Apollo Client's subscriptions over HTTP: `Accept: multipart/mixed;subscriptionSpec=1.0`. Each part ends
 * with the boundary of the next part, because a client recognises the end of a part only by that boundary.
 * Source: Apollo, "Multipart HTTP protocol for GraphQL subscriptions".
 */
export const MULTIPART_FORMAT: StreamFormat = {
  name: 'multipart',
  contentType: 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
  opening: Buffer.from('\r\n--graphql'),
  heartbeat: Buffer.from(`${HEADER}{}\r\n--graphql`),
  bytesOf: (result) => result.multipartPart,
  closing: (completion) =>
    `${completion ? `${HEADER}${JSON.stringify({ payload: { errors: completion } })}\r\n--graphql` : ''}--\r\n`,
};
