import { readFile } from 'node:fs/promises';
import { selfContainedPageHeaders } from './graphiql-csp.ts';

/** A placeholder in the options, which are JSON; the fetcher function replaces it in the page. */
const FETCHER = 'the gateway fetcher';

/** A page, ready to be sent. */
export interface RenderedPage {
  readonly headers: Readonly<Record<string, string>>;
  readonly html: Buffer;
}

/** Returns a page that is rendered at the first call. */
export type LazyPage = () => Promise<RenderedPage>;

/** GraphiQL as one page without external resources. It subscribes over WebSocket; its examples use `exampleId`. */
export function graphiqlPage(exampleId: string): LazyPage {
  let page: Promise<RenderedPage> | null = null;
  return () => {
    page ??= render(exampleId);
    return page;
  };
}

/** Loads GraphiQL only when the page is first requested, because it has 9 MB and would delay the start. */
async function render(exampleId: string): Promise<RenderedPage> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const script = await readFile(new URL('./graphiql-fetcher.js', import.meta.url), 'utf8');
  const options = {
    title: 'Video tasks',
    fetcher: FETCHER,
    // A token in the headers editor stays in memory.
    shouldPersistHeaders: false,
    defaultTabs: [{ query: watchExample(exampleId) }, { query: lookExample(exampleId) }],
  };
  const html = renderGraphiQL(options as Parameters<typeof renderGraphiQL>[0]);
  const whole = html
    .replace(JSON.stringify(FETCHER), () => 'globalThis.gatewayFetcher')
    .replace('<div id="root"></div>', () => `<div id="root"></div>\n<script>\n${script}</script>`);
  return { headers: selfContainedPageHeaders(whole), html: Buffer.from(whole) };
}

function watchExample(id: string): string {
  return `# Put your task's id here, press play:
# its state now, then every change.
#
# Where a token is needed, write into
# the Headers editor below:
# { "Authorization": "Bearer …" }

subscription Watch {
  taskStatus(id: ${JSON.stringify(id)}) {
    status
    statusDescription
    progress
    message
    resultUrl
    finished
    stale
    elapsedSeconds
    stages {
      status
      enteredAt
      leftAt
    }
  }
}
`;
}

function lookExample(id: string): string {
  return `# The state of a task now.

query Look {
  videoTask(id: ${JSON.stringify(id)}) {
    status
    progress
    message
    resultUrl
    elapsedSeconds
    checkedAt
  }
}
`;
}
