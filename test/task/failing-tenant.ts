import { AccessDenied, UpstreamBadResponse, UpstreamUnavailable } from '../../src/errors.ts';
import type { Credential } from '../../src/task/credential.ts';
import type { Answer } from './scripted-source.ts';
import type { TaskHarness, Watcher } from './task-harness.ts';

export const TROUBLES = ['down', 'garbage', 'denied', 'unknown', 'silent'] as const;
export type Trouble = (typeof TROUBLES)[number];

const ANSWERS: Readonly<Record<Trouble, Answer>> = {
  down: new UpstreamUnavailable('down'),
  garbage: new UpstreamBadResponse('garbage'),
  denied: new AccessDenied('denied'),
  unknown: null,
  silent: new UpstreamUnavailable('timeout'),
};

/** The timeout of a silent call, in ms. */
const SILENCE_MS = 10_000;
/** The calls of a query may still be under way for so long, in ms. */
const MAX_CALL_MS = 2 * SILENCE_MS;
const PREFIX = 'tenant-';

/** A caller with the same credential that asks for ids A2E answers with an error, an unknown task or silence. */
export class FailingTenant {
  readonly #watchers = new Map<TaskHarness, Watcher[]>();
  readonly #activeUntil = new Map<TaskHarness, number>();
  #ids = 0;

  /** The answer for an id of the tenant, after its latency in ms; null for an id of another caller. */
  answer(id: string): { readonly answer: Answer; readonly latencyMs: number } | null {
    const trouble = TROUBLES.find((each) => id.startsWith(`${PREFIX}${each}-`));
    return trouble ? { answer: ANSWERS[trouble], latencyMs: trouble === 'silent' ? SILENCE_MS : 0 } : null;
  }

  /** Subscribes to `count` new ids, and queries as many. */
  ask(harness: TaskHarness, credential: Credential, trouble: Trouble, count: number): void {
    this.#activeUntil.set(harness, performance.now() + MAX_CALL_MS);
    const watchers = this.#watchers.get(harness) ?? [];
    this.#watchers.set(harness, watchers);
    for (let n = 0; n < count; n += 1) {
      this.#ids += 2;
      watchers.push(harness.subscribe(`${PREFIX}${trouble}-${this.#ids}`, credential));
      harness.registry.get(`${PREFIX}${trouble}-${this.#ids + 1}`, credential).catch(() => undefined);
    }
  }

  /** The tenant's ids may be under way at that gateway. */
  isActive(harness: TaskHarness): boolean {
    const isWatching = this.#watchers.get(harness)?.some(({ end }) => end === 'open') ?? false;
    return isWatching || performance.now() < (this.#activeUntil.get(harness) ?? 0);
  }

  leave(): void {
    for (const watchers of this.#watchers.values()) for (const watcher of watchers) watcher.leave();
  }
}
