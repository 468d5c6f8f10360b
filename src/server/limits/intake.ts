import type { WebSocket } from 'ws';
import type { Flushable, Outlet } from '../../live/outlet.ts';
import type { FrameBudget } from './frame-budget.ts';
import type { Turns } from './turns.ts';

export interface IntakeOptions {
  readonly socket: WebSocket;
  readonly outlet: Outlet;
  /** Takes one text message. */
  readonly handle: (text: string) => void;
  /** The peer sends more than it may. */
  readonly onFlood: () => void;
  readonly budget: FrameBudget;
  /** Shared by all sockets. */
  readonly turns: Turns;
}

/**
 * What one WebSocket sends, handed on only as fast as its peer reads the answers: while the outlet is full nothing
 * more is read from the socket, and what was read already waits. So a peer that asks and never reads fills its own
 * buffers, not the memory here.
 */
export class Intake implements Flushable {
  readonly #options: IntakeOptions;
  readonly #budget: FrameBudget;
  /** At most one chunk of the socket, as text. */
  #waiting: string[] = [];
  #flooded = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#budget = options.budget;
    options.socket.on('ping', () => {
      if (this.#counted() && this.#waiting.length === 0) this.flush();
    });
    options.socket.on('pong', () => this.#counted());
  }

  receive(text: string): void {
    if (!this.#counted()) return;
    this.#waiting.push(text);
    if (this.#waiting.length === 1) this.flush();
  }

  flush(): void {
    const { socket, outlet, turns } = this.#options;
    if (this.#flooded) return;
    if (outlet.blocked) {
      socket.pause();
      return outlet.wait(this);
    }
    if (this.#waiting.length > 0) return turns.run(this.#handleNext);
    if (socket.isPaused) socket.resume();
  }

  readonly #handleNext = (): void => {
    const { socket, handle } = this.#options;
    const text = this.#waiting[0];
    if (text === undefined || this.#flooded || socket.readyState !== socket.OPEN) return;
    handle(text);
    // One message per turn of the event loop: what a message sets up is in place before the next one is handled.
    setImmediate(() => {
      this.#waiting.shift();
      this.flush();
    });
  };

  #counted(): boolean {
    if (this.#flooded) return false;
    if (this.#budget.take()) return true;
    this.#flooded = true;
    this.#waiting = [];
    // In its turn: those who flood together are dismissed one after the other.
    this.#options.socket.pause();
    this.#options.turns.run(this.#options.onFlood);
    return false;
  }
}
