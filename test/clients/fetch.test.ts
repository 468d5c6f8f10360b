import { testClient, testProcessRestart } from './client-suite.ts';
import { disposable, type Observer, type Watch } from './subscriber.ts';
import { WATCH, type WatchData } from './subscription.ts';

const LOSS = { cut: 'reports an error', restart: 'reports an error' } as const;

/** Reads an event stream to its end: only a `complete` event before it makes it a normal one. */
async function readEvents(response: Response, observer: Observer): Promise<void> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (text + chunk).split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const [, json] = /^event: next\ndata: (.*)$/m.exec(event) ?? [];
      if (json !== undefined) observer.next((JSON.parse(json) as { data: WatchData }).data.taskStatus);
    }
  }
}

const watch: Watch = (url, id, observer) => {
  const end = new AbortController();
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: WATCH, variables: { id } }),
    signal: end.signal,
  })
    .then((response) => readEvents(response, observer))
    .then(
      () => observer.complete(),
      (error) => observer.error(error),
    );
  return disposable(() => end.abort());
};

testClient('fetch', LOSS, watch);
testProcessRestart('fetch', 'reports an error', watch);
