import { createClient } from '/graphql-ws/client.js';

const WATCH = `
  subscription Watch($id: ID!) {
    taskStatus(id: $id) {
      statusDescription
      progress
      message
      stale
      finished
      resultUrl
    }
  }
`;

const form = document.getElementById('order');
const button = form.querySelector('button');
const section = document.getElementById('task');
const status = document.getElementById('status');
const bar = section.querySelector('progress');
// It loads when it is played.
const video = Object.assign(document.createElement('video'), { controls: true, preload: 'none', playsInline: true });

/** The events of the video on show. */
let events;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  events?.return(); // ends the subscription to the video before, and with it the connection
  section.hidden = false;
  status.textContent = 'The video is ordered …';
  video.remove();
  button.disabled = true;
  try {
    const order = post('/videos', Object.fromEntries(new FormData(form)));
    await watch(await order.finally(() => Object.assign(button, { disabled: false })));
  } catch (error) {
    status.textContent = error.message ?? error[0]?.message ?? 'The connection to the gateway was refused';
  }
});

/** Resolves when the video is finished. */
async function watch({ id, ticket, gateway }) {
  let unused = ticket;
  let noPong;
  const client = createClient({
    url: gateway,
    retryAttempts: 8,
    // 4403 as well: the ticket may have expired, and each connection takes a fresh one.
    shouldRetry: (problem) => problem?.type === 'error' || typeof problem?.code === 'number',
    // A proxy that stops forwarding closes no connection: ping, and connect again when no pong comes.
    keepAlive: 10_000,
    on: {
      ping: (received) => {
        if (!received) noPong = setTimeout(() => client.terminate(), 5_000);
      },
      pong: (received) => received && clearTimeout(noPong),
      closed: () => clearTimeout(noPong),
    },
    connectionParams: async () => {
      const { ticket: next } = unused ? { ticket: unused } : await post(`/videos/${id}/ticket`);
      unused = null;
      return { authorization: `Bearer ${next}` };
    },
  });
  events = client.iterate({ query: WATCH, variables: { id } });
  for await (const { data, errors } of events) {
    if (errors) throw errors;
    show(data.taskStatus);
  }
}

function show({ statusDescription, progress, message, stale, finished, resultUrl }) {
  status.textContent = (message ?? statusDescription) + (stale ? ' (last known state)' : '');
  if (progress === null) bar.removeAttribute('value');
  else bar.value = progress;
  bar.hidden = finished;
  if (resultUrl !== null) section.append(Object.assign(video, { src: resultUrl }));
}

async function post(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
