/** A token that is safe in a header: visible ASCII without spaces, a superset of RFC 6750's b64token. */
export const HEADER_TOKEN = /^[\x21-\x7e]+$/;
