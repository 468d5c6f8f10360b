// @ts-check
import { element } from './dom.js';

/** The elements that the focus falls back to, in order of preference; the last is always visible. */
const FOCUS_FALLBACKS = ['token', 'notice', 'tasks', 'id'];

/**
 * Makes a change to the page. Where the change hides the element with the focus, the focus goes on to a visible one,
 * because a browser alone would drop it, and a keyboard would have to start at the top.
 *
 * @template T
 * @param {() => T} change
 * @returns {T} the result of the change
 */
export function keepFocus(change) {
  const held = document.activeElement;
  const result = change();
  if (held !== null && isHidden(held))
    FOCUS_FALLBACKS.map(element)
      .find((fallback) => !isHidden(fallback))
      ?.focus();
  return result;
}

/** @param {Element} target */
function isHidden(target) {
  return !target.isConnected || target.closest('[hidden]') !== null;
}
