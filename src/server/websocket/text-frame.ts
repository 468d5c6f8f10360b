/** Final fragment, opcode 1: RFC 6455, section 5.2. */
const FINAL_TEXT = 0x81;

/** One unmasked text frame, as a server sends it, of `head`, `body` and `tail`; the last two are one byte per character. */
export function textFrame(head: string, body: Buffer, tail: string): Buffer {
  const headLength = Buffer.byteLength(head);
  const length = headLength + body.length + tail.length;
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
  frame.write(head, start);
  body.copy(frame, start + headLength);
  frame.write(tail, start + headLength + body.length, 'latin1');
  return frame;
}
