/**
 * A growable byte buffer. It takes at most about twice the memory of its bytes, even when they arrive one by one.
 * `raw-body` is not used: it keeps every chunk as a `Buffer` of its own until the end, which costs many times the bytes
 * of a body that is sent in tiny chunks.
 */
export class ByteBuffer {
  #bytes: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #length = 0;

  append(piece: Buffer<ArrayBuffer>): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) this.#bytes = piece;
    else {
      if (length > this.#bytes.length) this.#grow(Math.max(length, 2 * this.#length));
      piece.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  /** All of them in one; not a copy when there is but one. */
  toBuffer(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(capacity: number): void {
    const grown = Buffer.allocUnsafe(capacity);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
