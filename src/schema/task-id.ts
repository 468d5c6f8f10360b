import { BadUserInput } from '../errors.ts';
import { TASK_ID } from '../text-patterns.ts';

const ECHOED_CHARACTERS = 32;

/**
 * The id, when it is one that A2E could have given: 1 to 128 letters, digits, `_` and `-`, starting with a letter or
 * digit. Throws `BadUserInput` otherwise, so that no other text ever reaches A2E.
 */
export function parseTaskId(id: string): string {
  if (TASK_ID.test(id)) {
    return id;
  }
  throw new BadUserInput(
    `${shortened(id)} is not a task id: 1 to 128 letters, digits, "_" and "-", starting with a letter or digit.`,
  );
}

/** Several ids as they were asked for, each checked. Throws `BadUserInput` for a malformed one and for more than `maxIds`. */
export function parseTaskIds(ids: readonly string[], maxIds: number): readonly string[] {
  if (ids.length > maxIds) {
    throw new BadUserInput(`${ids.length} ids are too many: at most ${maxIds}.`);
  }
  return ids.map(parseTaskId);
}

/** The first characters of an id or a name, quoted: enough to recognise a long one. */
export function shortened(id: string): string {
  return id.length > ECHOED_CHARACTERS ? `${JSON.stringify(id.slice(0, ECHOED_CHARACTERS))}…` : JSON.stringify(id);
}
