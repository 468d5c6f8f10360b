import type { StreamFormat } from './stream-format.ts';

const HEADER = '\r\ncontent-type: application/json\r\n\r\n';

/**
 * What Apollo Client subscribes with over HTTP: `Accept: multipart/mixed;subscriptionSpec=1.0`. Each part ends with
 * the boundary of the next one, since a client can tell only by that that it is whole.
 * Source: Apollo, "Multipart HTTP protocol for GraphQL subscriptions".
 */
export const MULTIPART_FORMAT: StreamFormat = {
  contentType: 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
  opening: Buffer.from('\r\n--graphql'),
  heartbeat: Buffer.from(`${HEADER}{}\r\n--graphql`),
  bytesOf: (frame) => frame.multipartPart,
  closing: (how) => `${how ? `${HEADER}${JSON.stringify({ payload: { errors: how } })}\r\n--graphql` : ''}--\r\n`,
};
