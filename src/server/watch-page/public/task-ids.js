// @ts-check

/** The rule for a task id, as the gateway has it. */
const ID_RULE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

export const ID_RULE_WORDS =
  'A task id has 1 to 128 letters, digits, “_” and “-”, and starts with a letter or a digit.';

/** @param {string} id */
export function isId(id) {
  return ID_RULE.test(id);
}

/**
 * The ids of a text, each once, in its order: spaces and commas stand between them.
 * @param {string} text
 */
export function readIds(text) {
  return [...new Set(text.split(/[\s,]+/).filter((id) => id !== ''))];
}

/** The ids that the address of the page names, as in `/?id=a&id=b`. */
export function addressIds() {
  return readIds(new URLSearchParams(location.search).getAll('id').join(' '));
}

/**
 * The address of the page that watches these tasks.
 * @param {readonly string[]} ids
 */
export function addressOf(ids) {
  return ids.length === 0 ? './/' : `?${new URLSearchParams(ids.map((id) => ['id', id]))}`;
}

/**
 * The reason why these ids are not asked for; empty when all of them are task ids.
 * @param {readonly string[]} ids
 */
export function errorOfIds(ids) {
  const bad = ids.filter((id) => !isId(id));
  if (bad.length === 0) return '';
  return ids.length === 1 ? ID_RULE_WORDS : `${ID_RULE_WORDS} Not a task id: ${bad.join(', ')}`;
}
