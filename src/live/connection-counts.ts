import { ClientCounts, type SubscriptionEnd } from './client-counts.ts';

/** The counts of the subscriptions of one connection. Each is counted for its transport too. */
export class ConnectionCounts extends ClientCounts {
  readonly #transport: ClientCounts;

  constructor(transport: ClientCounts) {
    super();
    this.#transport = transport;
  }

  override addDelivered(): void {
    super.addDelivered();
    this.#transport.addDelivered();
  }

  override addConflated(): void {
    super.addConflated();
    this.#transport.addConflated();
  }

  override addSubscription(): void {
    super.addSubscription();
    this.#transport.addSubscription();
  }

  override endSubscription(end: SubscriptionEnd): void {
    super.endSubscription(end);
    this.#transport.endSubscription(end);
  }
}
