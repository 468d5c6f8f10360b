import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

const NO_STREAM =
  'A subscription is answered as a stream: send "Accept: text/event-stream", or use the WebSocket at this address';

/**
 * Leaves to Yoga what one HTTP answer can say. A body other than JSON, which a page of any origin could send without
 * asking first, is refused with 415; a subscription, which would stream past the limits of streams, with 406.
 */
export const httpOnly: Plugin = {
  onRequest({ request, fetchAPI, endResponse }) {
    if (request.method !== 'POST' || mediaType(request.headers.get('content-type')) === 'application/json') return;
    const body = JSON.stringify({ errors: [{ message: 'The body must be application/json' }] });
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    endResponse(new fetchAPI.Response(body, { status: 415, headers }));
  },
  onSubscribe({ setSubscribeFn }) {
    setSubscribeFn(() => ({ errors: [new GraphQLError(NO_STREAM, { extensions: { http: { status: 406 } } })] }));
  },
};

function mediaType(contentType: string | null): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}
