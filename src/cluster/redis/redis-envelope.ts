import type { Versioned } from '../contract.ts';

/** How states become text: JSON with whatever checks the reader wants. `decode` throws on anything it does not know. */
export interface StateCodec<S> {
  encode(state: S): string;
  decode(text: string, topic: string): S;
}

/** A state as it is stored and published, with who sent it. */
export interface Envelope<S> extends Versioned<S> {
  readonly sender: string;
}

/** `version:sender:state`. The version stands first so that the publishing script finds it without parsing. */
export function encodeEnvelope<S>({ version, sender, state }: Envelope<S>, codec: StateCodec<S>): string {
  return `${version}:${sender}:${codec.encode(state)}`;
}

/** The envelope in a message, or null for anything else: whoever can write to the Redis can write to the channel. */
export function decodeEnvelope<S>(text: string, codec: StateCodec<S>, topic: string): Envelope<S> | null {
  const parts = /^(\d{1,16}):([^:]{1,64}):/.exec(text);
  const version = Number(parts?.[1]);
  if (!parts?.[2] || !Number.isSafeInteger(version)) return null;
  try {
    return { version, sender: parts[2], state: codec.decode(text.slice(parts[0].length), topic) };
  } catch {
    return null;
  }
}
