import { expect } from 'vitest';
import type { StatusSample, StatusSnapshot } from '../../src/observability/status/status-sampler.ts';

/** An event of the operator page's stream. */
export type StatusEvent =
  | { readonly name: 'history'; readonly data: StatusSnapshot }
  | { readonly name: 'sample'; readonly data: StatusSample };

/** The events of the operator page of a gateway, until the caller stops or the stream ends. */
export async function* statusEvents(url: string): AsyncGenerator<StatusEvent, void> {
  const response = await fetch(`${url}/status/events`);
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      if (name && data) yield { name, data: JSON.parse(data) } as StatusEvent;
    }
  }
}

/** The titles of the problems that the operator page of a gateway shows now. */
export async function shownProblems(url: string): Promise<readonly string[]> {
  for await (const { data } of statusEvents(url)) return data.now.problems.map(({ title }) => title);
  return [];
}

/** Waits for the problems of the operator page: an assertion that is repeated until it holds. */
export function problems(url: string) {
  return expect.poll(() => shownProblems(url), { interval: 100, timeout: 30_000 });
}
