/** How an operation reaches the gateway, as metrics, log lines and spans name it. `http`: a request with one response. */
export type Transport = 'http' | SubscriptionTransport;

/** The transports of subscriptions. */
export type SubscriptionTransport = 'websocket' | StreamTransport;

/** The transports of subscriptions in an HTTP response. */
export type StreamTransport = 'sse' | 'multipart';
