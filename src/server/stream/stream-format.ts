import type { EncodedResult } from '../../live/encoded-result.ts';
import type { Completion } from '../../live/subscriber.ts';
import type { StreamTransport } from '../../observability/metrics/transport.ts';

/** How results are written into one endless HTTP response. */
export interface StreamFormat {
  readonly name: StreamTransport;
  readonly contentType: string;
  /** Written at once, before any result. */
  readonly opening: Buffer;
  /** Written now and then, so that proxies and clients know that the stream is alive. */
  readonly heartbeat: Buffer;
  /** The bytes of a result: the same for all clients. */
  bytesOf(result: EncodedResult): Buffer;
  /** The last bytes, after the operation has completed. */
  closing(completion: Completion): string;
}
