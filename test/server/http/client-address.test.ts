import type { IncomingMessage } from 'node:http';
import { connect, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientIpResolver, peerNetwork } from '../../../src/server/http/client-address.ts';
import { startGateway, TOKEN } from '../../support/gateway.ts';
import { HANDSHAKE, until } from '../../support/hostile-socket.ts';

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
  ['fe80::1%br-lan', 'fe80:0:0:0::/64'],
  ['fe80::1%eth0.100', 'fe80:0:0:0::/64'],
  ['[fe80::1%wlan_0]:443', 'fe80:0:0:0::/64'],
  ['::ffff:1.2.3.4%br-lan', '1.2.3.4'],
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

const hostile = fc
  .tuple(
    fc.oneof(fc.ipV6(), fc.ipV4(), fc.string({ unit: fc.constantFrom(...'0fF:.[]%-') })),
    fc.oneof(
      fc.constant(''),
      fc.string({ unit: fc.constantFrom(...'az09-_.:%[]') }).map((zone) => `%${zone}`),
    ),
    fc.constantFrom('', ':443', ']:443'),
  )
  .map((parts) => parts.join(''));

it('no text in place of an address throws', () => {
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string()), (text) => {
      const headers = { 'x-forwarded-for': text };
      const request = { headers, socket: { remoteAddress: text } } as unknown as IncomingMessage;
      for (const trustProxy of [true, false]) expect(clientIpResolver(trustProxy)(request)).toBeTypeOf('string');
    }),
    { numRuns: 5_000 },
  );
});

it('every zone of an IPv6 address belongs to the same network', () => {
  const zones = fc.string({ unit: fc.constantFrom(...'az09-_.'), minLength: 1, maxLength: 15 });
  fc.assert(
    fc.property(fc.ipV6().filter(isIPv6), zones, (address, zone) => {
      expect(addressOf(`${address}%${zone}`)).toBe(addressOf(address));
      expect(peerNetwork({ remoteAddress: `${address}%${zone}` })).toBe(peerNetwork({ remoteAddress: address }));
    }),
  );
});

it.each(['fe80::1%br-lan', 'fe80::1%eth0.100'])('an upgrade that comes from %s is served', async (address) => {
  await using gateway = await startGateway({
    A2E_API_URL: 'http://127.0.0.1:1',
    A2E_API_TOKEN: TOKEN,
    TRUST_PROXY: 'true',
  });
  const request = HANDSHAKE.replace('\r\n\r\n', `\r\nx-forwarded-for: ${address}\r\n\r\n`);
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const upgraded = until(socket, '101 Switching Protocols');
  socket.write(request);
  expect(await upgraded).toBeNull();
  socket.destroy();
});
