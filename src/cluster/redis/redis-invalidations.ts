import { isTaskId } from '../contract.ts';

/** No message is longer, in characters. */
const MAX_LENGTH = 32_768;
/** One invalidation sends no more messages: more than a million characters of ids are no hint. */
const MAX_MESSAGES = 32;

/** The ids as messages `invalidate:sender:id,id,…` of bounded length. Texts that cannot be an id are left out. */
export function encodeInvalidation(sender: string, ids: Iterable<string>): string[] {
  const head = `invalidate:${sender}:`;
  const messages: string[] = [];
  let current = '';
  for (const id of ids) {
    if (!isTaskId(id)) continue;
    if (current !== '' && head.length + current.length + 1 + id.length > MAX_LENGTH) {
      messages.push(head + current);
      current = '';
    }
    current = current === '' ? id : `${current},${id}`;
  }
  if (current !== '') messages.push(head + current);
  return messages.slice(0, MAX_MESSAGES);
}

/** The sender and the ids of a message, or null for any other text. */
export function decodeInvalidation(
  message: string,
): { readonly sender: string; readonly ids: ReadonlySet<string> } | null {
  if (message.length > MAX_LENGTH) return null;
  const [, sender, list] = /^invalidate:([^:]{1,64}):([A-Za-z0-9_,-]+)$/.exec(message) ?? [];
  if (sender === undefined || list === undefined) return null;
  return { sender, ids: new Set(list.split(',').filter(isTaskId)) };
}
