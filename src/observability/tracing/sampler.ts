import type { Sampler } from '@opentelemetry/sdk-trace';

/** The samplers of the SDK, which is loaded on demand. */
export type SamplerClasses = Pick<
  typeof import('@opentelemetry/sdk-trace'),
  'AlwaysOnSampler' | 'AlwaysOffSampler' | 'TraceIdRatioBasedSampler' | 'ParentBasedSampler'
>;

/** The values of `OTEL_TRACES_SAMPLER` that need no package beside the SDK. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/**
 * The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name; null: no known one, or no share from 0 to 1. An
 * unset name is `parentbased_always_on` and an unset share is 1. The SDK reads neither since its version 3.
 */
export function createSampler(classes: SamplerClasses, name = '', share = ''): Sampler | null {
  const known = SAMPLERS.find((word) => word === (name || 'parentbased_always_on'));
  if (!known) return null;
  const isParentBased = known.startsWith('parentbased_');
  const root = rootSampler(classes, isParentBased ? known.slice('parentbased_'.length) : known, share);
  return isParentBased && root ? new classes.ParentBasedSampler({ root }) : root;
}

function rootSampler(classes: SamplerClasses, name: string, share: string): Sampler | null {
  if (name === 'always_on') return new classes.AlwaysOnSampler();
  if (name === 'always_off') return new classes.AlwaysOffSampler();
  const ratio = share === '' ? 1 : Number(share);
  return ratio >= 0 && ratio <= 1 ? new classes.TraceIdRatioBasedSampler(ratio) : null;
}
