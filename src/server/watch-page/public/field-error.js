// @ts-check
import { element, say } from './dom.js';

/**
 * Says below a field why its value is refused; empty words take that away.
 * @param {HTMLInputElement} field it has a place for the words, `<its id>-fault`
 * @param {string} words
 */
export function showFieldError(field, words) {
  say(element(`${field.id}-fault`), words);
  field.setAttribute('aria-invalid', String(words !== ''));
}
