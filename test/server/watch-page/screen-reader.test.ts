import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { fault, result, words } from '../../support/page-results.ts';
import { type ScriptedCall, startScriptedGateway } from '../../support/scripted-gateway.ts';

/** A state of the page `?id=a`. */
interface PageState {
  readonly name: string;
  /** Answers a call of the page; `count` is 1 for the first one. */
  readonly answer: (call: ScriptedCall, count: number) => void;
  /** The first connection is cut once the page shows its answer. */
  readonly cut?: true;
  /** Words that the page shows in this state. */
  readonly shows: string | RegExp;
  /** The name of the document, and the words that the live region announces; null: it has no words. */
  readonly title: string;
  readonly announces: string | null;
  /** Nodes of the accessibility tree, as `role: name`, in the order of the tree. */
  readonly nodes: readonly string[];
}

const AT = new Date().toISOString();
const FAILED = {
  status: 'FAIL',
  rawStatus: 'fail',
  finished: true,
  message: 'No face was found.',
  stages: [
    { status: 'PROCESS', enteredAt: AT, leftAt: AT },
    { status: 'FAIL', enteredAt: AT, leftAt: null },
  ],
};
const FINISHED = { status: 'SUCCESS', finished: true, progress: 100, resultUrl: 'https://example.com/video.mp4' };
const FORM = ['textbox: Task id', 'button: Watch', 'DisclosureTriangle: Recent and example tasks'];
const TASK = ['progressbar: Progress', 'list: Stages', 'term: Created', 'term: Last update'];

const STATES: readonly PageState[] = [
  {
    name: 'that asks for a token',
    answer: (call) => call.refuse(401, 'UNAUTHENTICATED'),
    shows: 'Access token',
    title: 'A token is needed · Watch a video task',
    announces: 'A token is needed. This gateway only answers callers who show a valid token.',
    nodes: [...FORM, 'textbox: Access token', 'button: Use token'],
  },
  {
    name: 'of a task in progress',
    answer: (call) => call.next(result('a')),
    shows: '40 %',
    title: 'Processing 40 % · a',
    announces: 'Processing.',
    nodes: [
      'link: Skip to the task',
      'region: Tasks',
      ...FORM,
      'article: Processing a',
      'heading: Processing',
      ...TASK,
    ],
  },
  {
    name: 'of a stale task',
    answer: (call) => call.next(result('a', { stale: true })),
    shows: /^Last check failed; showing the last known state/,
    title: 'Processing 40 % · a',
    announces: 'Processing. The last check failed; this is the last known state.',
    nodes: ['region: Tasks', ...FORM, 'article: Processing a', ...TASK],
  },
  {
    name: 'that has lost its connection',
    answer: (call, count) => {
      if (count === 1) call.next(result('a'));
    },
    cut: true,
    shows: /^Connection lost\./,
    title: 'Processing 40 % · a',
    announces: 'Connection lost. Reconnecting.',
    nodes: ['region: Tasks', ...FORM, 'article: Processing a', ...TASK],
  },
  {
    name: 'of a finished task',
    answer: (call) => call.next(result('a', FINISHED)),
    shows: 'Open the video in a new tab',
    title: 'Ready · a',
    announces: 'Ready.',
    nodes: [...FORM, 'article: Ready a', 'heading: Ready', 'link: Open the video in a new tab', 'term: Took'],
  },
  {
    name: 'of a failed task',
    answer: (call) => call.next(result('a', FAILED)),
    shows: 'No face was found.',
    title: 'Failed · a',
    announces: 'Failed.',
    nodes: [...FORM, 'article: Failed a', 'heading: Failed', ...TASK.slice(0, 2), 'StaticText: No face was found.'],
  },
  {
    name: 'of a task that does not exist',
    answer: (call) => {
      call.next(fault('TASK_NOT_FOUND', 'a'));
      call.complete();
    },
    shows: 'No such task',
    title: 'No such task · Watch a video task',
    announces: null,
    nodes: ['region: No such task', ...FORM, 'heading: No such task', 'button: Try again'],
  },
];

/** Roles that a screen reader cannot tell apart without a name. */
const NAMED = /^(?:article|button|heading|link|progressbar|region|textbox|DisclosureTriangle|Video): ?$/;

interface TreeNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

/** Chromium's own tree of the nodes that assistive technology gets, as `role: name`. */
async function accessibilityTree(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: TreeNode[] };
  return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => `${role?.value}: ${name?.value ?? ''}`);
}

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

describe.each(STATES)('the page $name', ({ answer, cut, shows, title, announces, nodes }) => {
  it.each(['WebSocket', 'SSE'])('names its parts to a screen reader, over %s', async (transport) => {
    await using gateway = await startScriptedGateway((call) => answer(call, gateway.calls.length), {
      websocket: transport === 'WebSocket',
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    if (cut) {
      await words(tab.page, '40 %');
      gateway.calls[0]?.cut();
    }
    await words(tab.page, shows);
    await expect.poll(() => tab.page.title()).toBe(title);
    const tree = await accessibilityTree(tab.page);
    expect(tree.filter((node) => nodes.includes(node))).toEqual(expect.arrayContaining([...nodes]));
    expect(tree.filter((node) => NAMED.test(node))).toEqual([]);
    expect(await tab.page.locator('#announcement').textContent()).toContain(announces ?? '');
  });
});

it('announces that a token is refused, although the focus stays in its field', async () => {
  await using gateway = await startScriptedGateway((call) => call.refuse(401, 'UNAUTHENTICATED'));
  await using tab = await browser.open();
  await tab.page.goto(`${gateway.url}?id=a`);
  await tab.page.getByLabel('Access token').fill('wrong');
  await tab.page.keyboard.press('Enter');
  const announcement = tab.page.locator('#announcement');
  await expect.poll(() => announcement.textContent()).toContain('This token was refused or has expired.');
  expect(await tab.page.evaluate('document.activeElement.id')).toBe('token');
});
