// @ts-check
import { say } from './task-view.js';

/**
 * Says what is wrong with a field, below it; without words, that nothing is.
 * @param {HTMLInputElement} field one with a place of its own for that: `<its id>-fault`
 * @param {string} words
 */
export function sayFault(field, words) {
  say(`${field.id}-fault`, words);
  field.setAttribute('aria-invalid', String(words !== ''));
}
