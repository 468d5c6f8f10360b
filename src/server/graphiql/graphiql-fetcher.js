{
  /** Read from the text alone: for a moment after a tab was changed, GraphiQL still gives the other tab's name and AST. */
  const chosenOperation = (text, wanted) => {
    // A selection set without a keyword is a query.
    const operations = definitions(text)
      .map(([kind = 'query', name]) => ({ kind, name }))
      .filter(({ kind }) => /^(query|mutation|subscription)$/.test(kind));
    return operations.find(({ name }) => wanted && name === wanted) ?? { kind: operations[0]?.kind };
  };

  /** Removes comments and empties strings, in one pass, because each may contain the other's signs. */
  const withoutIgnored = (text) => {
    return text.replaceAll(/"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, (token) =>
      token.startsWith('#') ? '' : '""',
    );
  };

  /** The words of each definition that stand outside of all braces and parentheses: its keyword first, then its name. */
  const definitions = (text) => {
    const found = [];
    let words = [];
    let depth = 0;
    for (const token of text.match(/[{}()]|\w+/g) ?? []) {
      if (/[{(]/.test(token)) depth += 1;
      else if (/[})]/.test(token)) depth -= 1;
      else if (depth === 0) words.push(token);
      if (token === '}' && depth === 0) {
        found.push(words);
        words = [];
      }
    }
    return found;
  };

  const post = async (body, extraHeaders) => {
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
  };

  const subscribe = (payload, connectionParams) => {
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
  };

  const whyClosed = (code, reason) => {
    if (code !== 4403) return `The connection was closed: ${code} ${reason}`;
    return 'A token is needed: write { "Authorization": "Bearer …" } into the Headers editor below.';
  };

  /**
   * How GraphiQL reaches the gateway: queries by POST, subscriptions over WebSocket (`graphql-transport-ws`), one socket
   * each. The text of the headers editor goes along with both: as headers, and as `connectionParams`.
   */
  globalThis.gatewayFetcher = ({ query, operationName, ...params }, { headers = {} } = {}) => {
    const { kind, name } = chosenOperation(withoutIgnored(query), operationName);
    const request = { ...params, query, operationName: name };
    return kind === 'subscription' ? subscribe(request, headers) : post(request, headers);
  };
}
