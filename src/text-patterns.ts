/** A token that is safe in a header: visible ASCII without spaces, a superset of RFC 6750's b64token. */
export const HEADER_TOKEN = /^[\x21-\x7e]+$/;

const ID = '[A-Za-z0-9][A-Za-z0-9_-]{0,127}';

/** A text that A2E could have given as the id of a task: 1 to 128 letters, digits, `_` and `-`, none of the last two first. */
export const TASK_ID = new RegExp(`^${ID}$`);

/** Every word of a text that may be the id of a task. */
export const TASK_IDS = new RegExp(ID, 'g');
