// @ts-check
import { element } from './task-view.js';

/** What may take the focus over, first to last; the last is always to be seen. */
const HEIRS = ['token', 'notice', 'task', 'id'];

/**
 * Makes a change to what is to be seen. Where that hides what has the focus, the focus goes on to what is to be seen
 * now: a browser alone would drop it, and a keyboard would have to start at the top.
 *
 * @template T
 * @param {() => T} change
 * @returns {T} what the change answers
 */
export function keepFocus(change) {
  const held = document.activeElement;
  const answer = change();
  if (held !== null && isHidden(held))
    HEIRS.map(element)
      .find((heir) => !isHidden(heir))
      ?.focus();
  return answer;
}

/** @param {Element} target */
function isHidden(target) {
  return !target.isConnected || target.closest('[hidden]') !== null;
}
