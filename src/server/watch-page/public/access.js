// @ts-check

import { element, input } from './dom.js';
import { showFieldError } from './field-error.js';

/** The scheme before a token in its header, which is often copied along. */
const SCHEME = /^bearer(\s+|$)/i;
/** A header takes printable ASCII only; anything else cannot be a token. */
const TOKEN_RULE = /^[\x21-\x7e]+$/;

const field = input('token');

/**
 * Shows the form that asks for a token, empty.
 * @param {string} reason
 */
export function askForToken(reason) {
  element('access').hidden = false;
  element('access-reason').textContent = reason;
  field.value = '';
  showFieldError(field, '');
  field.focus();
}

/**
 * Passes each token that the user submits to `use`. A text that cannot be a token stays in the field, with an error.
 * @param {(token: string) => void} use
 */
export function onToken(use) {
  element('access').addEventListener('submit', (event) => {
    event.preventDefault();
    const submitted = field.value.trim().replace(SCHEME, '');
    const error = errorOf(submitted);
    showFieldError(field, error);
    if (error !== '') return field.focus();
    field.value = '';
    use(submitted);
  });
}

/** @param {string} text */
function errorOf(text) {
  if (text === '') return 'Paste a token first.';
  return TOKEN_RULE.test(text) ? '' : 'This is not a token: it has spaces or unusual characters.';
}
