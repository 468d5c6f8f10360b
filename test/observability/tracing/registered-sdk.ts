import { context, diag, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import * as sdk from '@opentelemetry/sdk-trace';

/** Registers an SDK as a program that embeds the gateway does; returns the exporter that keeps its spans. */
export function registerSdk(sampler: sdk.Sampler = new sdk.AlwaysOnSampler()): sdk.InMemorySpanExporter {
  const exporter = new sdk.InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new sdk.TracerProvider({ sampler, spanProcessors: [new sdk.SimpleSpanProcessor({ exporter })] }),
  );
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  context.setGlobalContextManager(new sdk.StackContextManager().enable());
  return exporter;
}

/** Leaves the process without an SDK. */
export function unregisterSdk(): void {
  trace.disable();
  propagation.disable();
  context.disable();
  diag.disable();
}
