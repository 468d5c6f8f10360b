// @ts-check
import { element } from './dom.js';

/** The elements that may take the focus over, first to last; the last is always visible. */
const HEIRS = ['token', 'notice', 'tasks', 'id'];

/**
 * Makes a change to the page. Where the change hides the element with the focus, the focus goes on to a visible one,
 * because a browser alone would drop it, and a keyboard would have to start at the top.
 *
 * @template T
 * @param {() => T} change
 * @returns {T} the answer of the change
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
