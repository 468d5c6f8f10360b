import type { Versioned } from '../contract.ts';

/** Turns states into text and back. `decode` throws on a text that is no state of the topic. */
export interface StateCodec<S> {
  encode(state: S): string;
  decode(text: string, topic: string): S;
}

/** A state as it is stored and published, with the id of its sender. */
export interface Envelope<S> extends Versioned<S> {
  readonly sender: string;
}

/** `version:sender:state`. The version stands first so that the publishing script finds it without parsing. */
export function encodeEnvelope<S>({ version, sender, state }: Envelope<S>, codec: StateCodec<S>): string {
  return `${version}:${sender}:${codec.encode(state)}`;
}

/** The envelope in a text of this topic, or null for any other text: any client of the Redis can write there. */
export function decodeEnvelope<S>(text: string, topic: string, codec: StateCodec<S>): Envelope<S> | null {
  const parts = /^(\d{1,16}):([^:]{1,64}):/.exec(text);
  const version = Number(parts?.[1]);
  if (!parts?.[2] || !Number.isSafeInteger(version)) return null;
  try {
    return { version, sender: parts[2], state: codec.decode(text.slice(parts[0].length), topic) };
  } catch {
    return null;
  }
}
