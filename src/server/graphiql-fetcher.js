/**
 * How GraphiQL reaches the gateway: queries by POST, subscriptions over WebSocket (`graphql-transport-ws`), one socket
 * each. What stands in the headers editor goes along with both: as headers, and as `connectionParams`.
 */
globalThis.gatewayFetcher = (params, { headers = {}, documentAST } = {}) => {
  const operations = documentAST?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
  const chosen = operations.find(({ name }) => !params.operationName || name?.value === params.operationName);
  return chosen?.operation === 'subscription' ? subscribe(params, headers) : post(params, headers);

  async function post(body, extraHeaders) {
    const response = await fetch(location.pathname, {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json, application/json',
        'content-type': 'application/json',
        ...extraHeaders,
      },
      body: JSON.stringify(body),
    });
    return response.json();
  }

  function subscribe(payload, connectionParams) {
    const socket = new WebSocket(location.href.replace(/^http/, 'ws').replace(/[?#].*$/, ''), 'graphql-transport-ws');
    const send = (message) => socket.send(JSON.stringify(message));
    return {
      subscribe(observer) {
        const sink = typeof observer === 'function' ? { next: observer } : observer;
        let open = true;
        const end = (errors) => {
          if (open && errors) sink.next({ errors });
          if (open) sink.complete?.();
          open = false;
          socket.close(1000);
        };
        const handlers = {
          connection_ack: () => send({ id: '1', type: 'subscribe', payload }),
          next: ({ payload: result }) => open && sink.next(result),
          error: ({ payload: errors }) => end(errors),
          complete: () => end(),
          ping: () => send({ type: 'pong' }),
        };
        socket.onopen = () => send({ type: 'connection_init', payload: connectionParams });
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          handlers[message.type]?.(message);
        };
        socket.onclose = ({ code, reason }) => end([{ message: whyClosed(code, reason) }]);
        return { unsubscribe: () => end() };
      },
    };
  }

  function whyClosed(code, reason) {
    if (code !== 4403) return `The connection was closed: ${code} ${reason}`;
    return 'A token is needed: write { "Authorization": "Bearer …" } into the Headers editor below.';
  }
};
