import type { Cluster } from '../cluster/contract.ts';
import type { Config } from '../config.ts';
import type { RequestTracer } from '../observability/tracing/request-tracer.ts';
import { Webhook, type WebhookOptions } from '../server/http/webhook.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import type { WatchState } from '../task/watch-state.ts';

/** Builds the webhook, and applies the invalidations of the other gateways. null: this gateway has no webhook. */
export function createWebhook(
  { http, limits }: Config,
  tracer: RequestTracer,
  registry: TaskRegistry,
  cluster: Cluster<WatchState>,
  { admit, rate }: Pick<WebhookOptions, 'admit' | 'rate'>,
): Webhook | null {
  const invalidateHere = (ids: ReadonlySet<string>): void => {
    for (const watch of registry.activeWatches(ids)) watch.invalidate();
  };
  // Another gateway may have a webhook token when this gateway has none.
  cluster.onInvalidate(invalidateHere);
  if (http.webhookToken === null) return null;
  const invalidate = (ids: ReadonlySet<string>): void => {
    invalidateHere(ids);
    void cluster.invalidate(ids);
  };
  const { webhookToken: token } = http;
  return new Webhook({ token, maxBodyBytes: limits.bodyBytes, admit, rate, tracer, invalidate });
}
