import { CallbackQueue } from '../support/callback-queue.ts';
import type { State } from './subscription.ts';

/** The callbacks of a client, as an application sees them. */
export interface Observer {
  next(state: State | null | undefined): void;
  error(error: unknown): void;
  complete(): void;
}

/** Subscribes a client to a task at the gateway `url` (`http://HOST:PORT`); disposing of the answer unsubscribes. */
export type Watch = (url: string, id: string, observer: Observer) => Disposable | Promise<Disposable | AsyncDisposable>;

/** How a subscription has ended, as the application sees it. */
export type End = { readonly kind: 'complete' } | { readonly kind: 'error'; readonly error: unknown };

/** All that a client has told its application. */
export class Subscriber implements Observer {
  readonly states = new CallbackQueue<State>();
  readonly ends = new CallbackQueue<End>();

  next(state: State | null | undefined): void {
    if (state) this.states.put(state);
  }

  error(error: unknown): void {
    this.ends.put({ kind: 'error', error });
  }

  complete(): void {
    this.ends.put({ kind: 'complete' });
  }
}

/** Disposing of it calls `dispose`. */
export function disposable(dispose: () => void): Disposable {
  return { [Symbol.dispose]: dispose };
}
