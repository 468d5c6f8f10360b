// @ts-check

/** @param {string} id */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
export function input(id) {
  return /** @type {HTMLInputElement} */ (element(id));
}

/**
 * Writes words into an element that is hidden while it has none.
 * @param {HTMLElement} target
 * @param {string} words
 */
export function say(target, words) {
  write(target, words);
  target.hidden = words === '';
}

/**
 * Writes words into an element unless it already has them.
 * @param {HTMLElement} target
 * @param {string} words
 */
export function write(target, words) {
  if (target.textContent !== words) target.textContent = words;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} words
 */
export function make(tag, className, words) {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.textContent = words;
  return made;
}

/** Screen readers say the words after earlier announcements. @param {string} words */
export function announce(words) {
  element('announcement').textContent = words;
}
