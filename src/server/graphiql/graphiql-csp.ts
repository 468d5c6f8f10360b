import { createHash } from 'node:crypto';

const INLINE_SCRIPT = /<script>([\s\S]*?)<\/script>/g;

/**
 * The headers of a page with inline scripts. Only these scripts run, by their hashes, and no other resource loads.
 * Inline styles are allowed because GraphiQL's editor writes them at run time. Workers from blobs are allowed because
 * the editor starts one per language.
 */
export function selfContainedPageHeaders(html: string): Readonly<Record<string, string>> {
  const hashes = Array.from(html.matchAll(INLINE_SCRIPT), ([, script = '']) => {
    // A browser reads CR and CRLF as LF before it takes the hash.
    return `'sha256-${createHash('sha256').update(script.replace(/\r\n?/g, '\n')).digest('base64')}'`;
  });
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    "style-src 'unsafe-inline'",
    'font-src data:',
    "img-src 'self' data:",
    "connect-src 'self'",
    'worker-src blob:',
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  };
}
