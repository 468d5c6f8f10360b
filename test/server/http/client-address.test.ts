import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { clientIpResolver } from '../../../src/server/http/client-address.ts';

const PROXY = '10.0.0.7';

function addressOf(forwarded: string, trustProxy = true): string {
  const request = { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: PROXY } };
  return clientIpResolver(trustProxy)(request as unknown as IncomingMessage);
}

it.each([
  ['1.2.3.4', '1.2.3.4'],
  ['1.2.3.4:51234', '1.2.3.4'],
  ['6.6.6.6, 1.2.3.4:51234', '1.2.3.4'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['[::ffff:1.2.3.4]:443', '1.2.3.4'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0000::0:1', '2001:db8:0:0::/64'],
  ['2001:db8::192.0.2.1', '2001:db8:0:0::/64'],
  ['0:0:0:0:0:ffff:102:304', '1.2.3.4'],
  ['[2001:db8::1]', '2001:db8:0:0::/64'],
  ['[2001:db8::2]:443', '2001:db8:0:0::/64'],
])('a proxy that writes %s means %s', (forwarded, address) => expect(addressOf(forwarded)).toBe(address));

it.each(['unknown', '_hidden', '', '1.2.3.4.5', '1.2.3.4:', '[1.2.3.4]:80', '2001:db8::1]:443', 'evil.example:1'])(
  '%j is no address: the client is the proxy',
  (forwarded) => expect(addressOf(forwarded)).toBe(PROXY),
);

it.each([
  ['for=1.2.3.4', '1.2.3.4'],
  ['For="1.2.3.4:51234";proto=https;by=10.0.0.7', '1.2.3.4'],
  ['for=6.6.6.6, for=1.2.3.4', '1.2.3.4'],
  ['for="6.6.6.6, for=7.7.7.7", proto=http; for="[2001:db8::1]:443"', '2001:db8:0:0::/64'],
  ['for=unknown', PROXY],
  ['for=_hidden', PROXY],
  ['proto=https', PROXY],
  ['for="1.2.3.4', PROXY],
])('a proxy that writes Forwarded: %s alone means %s', (forwarded, address) => {
  const request = { headers: { forwarded }, socket: { remoteAddress: PROXY } } as unknown as IncomingMessage;
  expect(clientIpResolver(true)(request)).toBe(address);
  expect(clientIpResolver(false)(request)).toBe(PROXY);
});

it('X-Forwarded-For of the proxy counts before Forwarded, which a client may have sent', () => {
  const headers = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=6.6.6.6' };
  const request = { headers, socket: { remoteAddress: PROXY } } as unknown as IncomingMessage;
  expect(clientIpResolver(true)(request)).toBe('1.2.3.4');
});

it('X-Forwarded-For is ignored without TRUST_PROXY', () => expect(addressOf('1.2.3.4', false)).toBe(PROXY));
