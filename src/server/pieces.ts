/** Kept one by one up to here: each takes memory as hundreds of bytes do. */
const MAX_PIECES = 64;

/** Bytes as they come, piece by piece; they take hardly more memory than they are, however small the pieces. */
export class Pieces {
  #pieces: Buffer<ArrayBuffer>[] = [];

  add(piece: Buffer<ArrayBuffer>): void {
    this.#pieces.push(piece);
    if (this.#pieces.length === MAX_PIECES) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  /** All of them in one; not a copy when there is but one. */
  join(): Buffer<ArrayBuffer> {
    const [first, ...others] = this.#pieces;
    return first && others.length === 0 ? first : Buffer.concat(this.#pieces);
  }
}
