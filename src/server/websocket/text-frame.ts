/** Final fragment, opcode 1: RFC 6455, section 5.2. */
const FINAL_TEXT = 0x81;

/** One unmasked text frame, as a server sends it. A `head` that is a string has one byte per character; `last` is one byte. */
export function encodeTextFrame(head: string | Buffer, body: Buffer, last: number): Buffer {
  const length = head.length + body.length + 1;
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (start === 2) {
    frame[1] = length;
  } else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof head === 'string') frame.write(head, start, 'latin1');
  else head.copy(frame, start);
  body.copy(frame, start + head.length);
  frame[start + length - 1] = last;
  return frame;
}
