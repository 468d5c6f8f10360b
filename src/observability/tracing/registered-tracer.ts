import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api';

/** The name of the instrumentation scope of all spans. */
const SCOPE = 'video-task-gateway';

/** The provider that the API stands in with: it has a delegate once an SDK is registered. */
interface StandIn {
  getDelegateTracer(name: string): Tracer | undefined;
}

/**
 * The tracer of the SDK of this process, which may be registered at any time. Without an SDK the API would build a span
 * object for each operation and poll; the gateway builds none then.
 */
export class RegisteredTracer {
  #tracer: Tracer | null = null;

  /** null: no SDK is registered. */
  get current(): Tracer | null {
    this.#tracer ??= registeredTracer();
    return this.#tracer;
  }
}

function registeredTracer(): Tracer | null {
  const provider: TracerProvider & Partial<StandIn> = trace.getTracerProvider();
  return provider.getDelegateTracer ? (provider.getDelegateTracer(SCOPE) ?? null) : provider.getTracer(SCOPE);
}
