/** How a subscription has ended. */
export type SubscriptionEnd = 'completed' | 'failed' | 'unsubscribed';

/**
 * The counts of one transport since the start; `connections` and `subscriptions` are the open ones. Plain numbers, because
 * `delivered` is raised for each client of each update.
 */
export class ClientCounts {
  connections = 0;
  subscriptions = 0;
  /** Updates written to clients. */
  delivered = 0;
  /** Updates that a newer one replaced before the client had read them. */
  conflated = 0;
  /** Clients disconnected because they read nothing for too long. */
  stalled = 0;
  /** Subscriptions that ended because all of their tasks have finished. */
  completed = 0;
  /** Subscriptions that ended with an error. */
  failed = 0;
  /** Subscriptions that the client ended, or its disconnection. */
  unsubscribed = 0;

  addDelivered(): void {
    this.delivered += 1;
  }

  addConflated(): void {
    this.conflated += 1;
  }

  addSubscription(): void {
    this.subscriptions += 1;
  }

  endSubscription(end: SubscriptionEnd): void {
    this.subscriptions -= 1;
    this[end] += 1;
  }
}
