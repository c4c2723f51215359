import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { groupOf, isPrivate, parseAddress, TrustedProxies } from './client-address.js';

const group = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address && groupOf(address);
};

describe('An address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
  ])('%s counts as %s', (text, expected) => expect(group(text)).toBe(expected));

  it.each([
    '',
    'unknown',
    '_hidden',
    '203.0.113',
    '203.0.113.7.8',
    '0x7f.1',
    '203.0.113.256',
    '1',
    ':::',
    ' ',
  ])('is not %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it.each(['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.16.0.1', '100.64.0.1', '::1', 'fd00::1'])(
    '%s belongs to no caller on the internet',
    (text) => expect(isPrivate(parseAddress(text)!)).toBe(true),
  );
});

describe('The client behind proxies', () => {
  const client = (trusted: string[], peer: string, forwardedFor?: string): string =>
    new TrustedProxies(trusted).clientOf(parseAddress(peer)!, forwardedFor).toString();

  it.each<[string, string[], string, string | undefined, string]>([
    ['is the peer when no proxy is trusted', [], '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    ['is the peer with 0 proxies', ['0'], '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    ['is the right-most entry with one proxy', ['1'], '10.0.0.1', '6.6.6.6, 1.1.1.1', '1.1.1.1'],
    ['is the second from the right with two', ['2'], '10.0.0.1', '6.6.6.6, 1.1.1.1, 10.0.0.2', '1.1.1.1'],
    ['is the peer without the header', ['1'], '10.0.0.1', undefined, '10.0.0.1'],
    ['is the peer with an empty header', ['1'], '10.0.0.1', ' , ', '10.0.0.1'],
    ['is the first entry if there are fewer than proxies', ['3'], '10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['is the peer if the entry is no address', ['1'], '10.0.0.1', '1.1.1.1, unknown', '10.0.0.1'],
    ['loses its port', ['1'], '10.0.0.1', '1.1.1.1:4711', '1.1.1.1'],
    ['loses brackets and port', ['1'], '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    [
      'is the first that is not in a trusted network',
      ['10.0.0.0/8'],
      '10.0.0.1',
      '6.6.6.6, 1.1.1.1, 10.9.9.9',
      '1.1.1.1',
    ],
    ['is found through a network in IPv6 clothes', ['::ffff:10.0.0.0/104'], '10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['is the peer when that is in no trusted network', ['10.0.0.0/8'], '11.0.0.1', '1.1.1.1', '11.0.0.1'],
    [
      'is found through networks of both kinds',
      ['10.0.0.1', 'fd00::/8'],
      'fd00::1',
      '1.1.1.1, ::ffff:10.0.0.1',
      '1.1.1.1',
    ],
    ['is the left-most trusted one if all are', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ])('%s', (_, trusted, peer, forwardedFor, expected) => {
    expect(client(trusted, peer, forwardedFor)).toBe(expected);
  });

  it('cannot be chosen by what stands left of the entry of the trusted proxy', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        expect(client(['1'], '10.0.0.1', `${forged}, 1.1.1.1`)).toBe('1.1.1.1');
      }),
    );
  });
});
