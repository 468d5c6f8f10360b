import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { ContractViolation } from './contract-violation.ts';

/** The greatest size of a response body after decompression. A body of A2E has under 2 KiB. */
export const MAX_BODY_BYTES = 1024 * 1024;

const UTF_8 = new TextDecoder();

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', promisify(gunzip) as Decoder],
  ['x-gzip', promisify(gunzip) as Decoder],
  ['deflate', promisify(inflate) as Decoder],
  ['br', promisify(brotliDecompress) as Decoder],
]);

/** The bytes of a response body, as they came over the wire. */
export interface RawBody {
  /** At most {@link MAX_BODY_BYTES}. */
  readonly bytes: Buffer;
  /** The body was larger: the rest was not read, and the connection is closed. */
  readonly oversized: boolean;
}

/** A body that broke off. */
export const UNREADABLE_BODY: RawBody = { bytes: Buffer.alloc(0), oversized: false };

/** Takes the chunks of a body up to the cap. */
export class BodyCollector {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  /** Returns false when the body exceeds the cap; no further chunk is taken. */
  add(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return this.#length <= MAX_BODY_BYTES;
  }

  read(): RawBody {
    const oversized = this.#length > MAX_BODY_BYTES;
    const [first] = this.#chunks;
    // A small body comes in one chunk, which needs no copy.
    const bytes = first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    return { bytes: oversized ? bytes.subarray(0, MAX_BODY_BYTES) : bytes, oversized };
  }
}

/**
 * Undoes the content encoding and the character encoding (UTF-8). Never holds more than the cap.
 *
 * @throws {ContractViolation} the body is too large, corrupt, or in an encoding other than gzip, deflate and brotli
 */
export async function decodeBody(
  { bytes, oversized }: RawBody,
  encoding: string | string[] | undefined,
): Promise<string> {
  if (oversized) throw tooLarge();
  const name = String(encoding ?? '')
    .trim()
    .toLowerCase();
  return UTF_8.decode(name === '' || name === 'identity' ? bytes : await decompress(bytes, name));
}

async function decompress(bytes: Uint8Array, encoding: string): Promise<Uint8Array> {
  const decode = DECODERS.get(encoding);
  if (decode === undefined) throw new ContractViolation('encoding', 'A2E answered in an unknown content encoding');
  try {
    return await decode(bytes, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw new ContractViolation('encoding', 'A2E answered with a body that does not decompress');
  }
}

function tooLarge(): ContractViolation {
  return new ContractViolation('too-large', 'A2E answered with too large a body');
}
