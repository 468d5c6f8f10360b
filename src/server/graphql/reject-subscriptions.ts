import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

const NO_STREAM =
  'A subscription is answered as a stream: send "Accept: text/event-stream", or use the WebSocket at this address';

/**
 * Leaves to Yoga what one HTTP answer can say: a subscription, which would stream past the limits of streams, is
 * refused with 406.
 */
export const rejectSubscriptions: Plugin = {
  onSubscribe({ setSubscribeFn }) {
    setSubscribeFn(() => ({ errors: [new GraphQLError(NO_STREAM, { extensions: { http: { status: 406 } } })] }));
  },
};
