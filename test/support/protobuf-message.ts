/**
 * A message of Protocol Buffers whose fields are read by number. A field that is absent has no value, as in proto3, and a
 * message that is cut off throws. Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufMessage {
  readonly #bytes: Buffer;
  readonly #fields = new Map<number, (bigint | Buffer)[]>();
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    while (this.#at < bytes.length) {
      const tag = Number(this.#varint());
      const values = this.#fields.get(tag >>> 3) ?? [];
      values.push(this.#value(tag & 7));
      this.#fields.set(tag >>> 3, values);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  /** An int64, a bool or an enum; 0 if it is absent. */
  integer(field: number): number {
    const value = this.#fields.get(field)?.at(-1) ?? 0n;
    if (typeof value !== 'bigint') throw new TypeError(`field ${field} is no varint`);
    return Number(BigInt.asIntN(64, value));
  }

  /** Bytes; none if they are absent. */
  bytes(field: number): Buffer {
    return this.#lengthDelimited(field).at(-1) ?? Buffer.alloc(0);
  }

  text(field: number): string {
    return this.bytes(field).toString('utf8');
  }

  /** The messages of a repeated field. */
  messages(field: number): readonly ProtobufMessage[] {
    return this.#lengthDelimited(field).map((bytes) => new ProtobufMessage(bytes));
  }

  #lengthDelimited(field: number): readonly Buffer[] {
    const values = this.#fields.get(field) ?? [];
    return values.map((value) => {
      if (typeof value === 'bigint') throw new TypeError(`field ${field} is a varint`);
      return value;
    });
  }

  #value(wireType: number): bigint | Buffer {
    if (wireType === 0) return this.#varint();
    if (wireType === 1) return this.#take(8);
    if (wireType === 2) return this.#take(Number(this.#varint()));
    if (wireType === 5) return this.#take(4);
    throw new RangeError(`wire type ${wireType} at byte ${this.#at}`);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#take(1).readUInt8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError(`the message ends before byte ${end}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
