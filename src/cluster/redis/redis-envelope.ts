import type { Versioned } from '../contract.ts';

/** Turns states into text and back. */
export interface StateCodec<S> {
  /** The version of the text. Gateways with different versions share no state and no tick. */
  readonly format: number;
  encode(state: S): string;
  /**
   * Throws on a text that is no state of the topic.
   *
   * @param ageMs the time since the text was written, in ms; null when it is unknown
   */
  decode(text: string, topic: string, ageMs: number | null): S;
}

/** A state as it is stored and published. */
export interface Envelope<S> extends Versioned<S> {
  /** The id of the gateway that published it. */
  readonly sender: string;
  /** The TTL that it is stored with, in ms, so that a reader tells its age from the TTL that is left. */
  readonly ttlMs: number;
}

/** A text from Redis. */
export interface EncodedEnvelope {
  readonly text: string;
  readonly topic: string;
  /** The TTL left of a stored text, in ms; undefined for a text that has just been published. */
  readonly ttlLeftMs?: number | undefined;
}

/**
 * `version:sender:ttl:state`. The version stands first so that the publishing script finds it without parsing.
 */
export function encodeEnvelope<S>({ version, sender, ttlMs, state }: Envelope<S>, codec: StateCodec<S>): string {
  return `${version}:${sender}:${ttlMs}:${codec.encode(state)}`;
}

/** The envelope in a text of this topic, or null for any other text: any client of the Redis can write there. */
export function decodeEnvelope<S>(encoded: EncodedEnvelope, codec: StateCodec<S>): Envelope<S> | null {
  const { text, topic, ttlLeftMs } = encoded;
  const parts = /^(\d{1,16}):([^:]{1,64}):(\d{1,16}):/.exec(text);
  const [version, ttlMs] = [Number(parts?.[1]), Number(parts?.[3])];
  if (!parts?.[2] || !Number.isSafeInteger(version)) return null;
  const ageMs = ttlLeftMs === undefined ? 0 : ageOf(ttlMs, ttlLeftMs);
  try {
    return { version, sender: parts[2], ttlMs, state: codec.decode(text.slice(parts[0].length), topic, ageMs) };
  } catch {
    return null;
  }
}

/**
 * Null when more than the whole TTL is left, or no TTL at all: Redis's clock has stepped, or another client wrote. A step
 * back by less than the age goes unnoticed: the state counts as younger by the step, once.
 */
function ageOf(ttlMs: number, ttlLeftMs: number): number | null {
  return ttlLeftMs >= 0 && ttlLeftMs <= ttlMs ? ttlMs - ttlLeftMs : null;
}
