import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { UpstreamError } from '../../src/errors.ts';
import type { Credential } from '../../src/task/credential.ts';
import type { VideoTask } from '../../src/task/video-task.ts';
import { A2eClient, type A2eClientOptions } from '../../src/upstream/a2e-client.ts';
import type { UpstreamEvent } from '../../src/upstream/upstream-event.ts';

export const ID = '652630d6bae4de626f8b49ec';
export const TOKEN = 'sk_secret-of-the-owner';
/** Every body and header of a test server holds this word. No error and no event may hold it. */
export const BODY_WORD = 'confidential';

export const CREDENTIAL: Credential = { key: 'k', token: TOKEN, owner: 'gateway' };

/** A client and its reported events. */
export class Harness implements AsyncDisposable {
  readonly client: A2eClient;
  readonly events: UpstreamEvent[] = [];

  constructor(origin: string, options: Partial<A2eClientOptions> = {}) {
    this.client = new A2eClient({ origin, onEvent: (event) => this.events.push(event), ...options });
  }

  read(signal?: AbortSignal): Promise<VideoTask | null> {
    return this.client.read(ID, CREDENTIAL, signal);
  }

  /** The error of a read that must fail; it and every event so far are searched for secrets. */
  async failure(): Promise<UpstreamError> {
    const error = await this.read().then(
      () => expect.fail('the read succeeded'),
      (reason: unknown) => reason as UpstreamError,
    );
    const seen = inspect([error, error.cause, this.events], { depth: 10, showHidden: true });
    expect(seen).not.toContain(TOKEN);
    expect(seen).not.toContain(BODY_WORD);
    return error;
  }

  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client[Symbol.asyncDispose]();
  }
}
