// @ts-check

import { element, input } from './dom.js';
import { sayFault } from './field-fault.js';

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
  sayFault(field, '');
  field.focus();
}

/**
 * Hands over each token that is given, and no text that cannot be a token: it stays in the field to be mended.
 * @param {(token: string) => void} use
 */
export function onToken(use) {
  element('access').addEventListener('submit', (event) => {
    event.preventDefault();
    const given = field.value.trim().replace(SCHEME, '');
    const fault = faultOf(given);
    sayFault(field, fault);
    if (fault !== '') return field.focus();
    field.value = '';
    use(given);
  });
}

/** @param {string} given */
function faultOf(given) {
  if (given === '') return 'Paste a token first.';
  return TOKEN_RULE.test(given) ? '' : 'This is not a token: it has spaces or unusual characters.';
}
