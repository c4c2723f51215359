import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Of `::ffff:0:0/96`, the IPv4 addresses in IPv6 clothes. */
const MAPPED_PREFIX_BITS = 96;

/** An address, whatever its spelling; an IPv4 address in IPv6 clothes (`::ffff:`) is the IPv4 address. */
export function parseAddress(text: string): Address | undefined {
  const withoutZone = text.replace(/%.*$/, '');
  return isIP(withoutZone) ? ipaddr.process(withoutZone) : undefined;
}

/** What limits count: an IPv4 address, or the /64 of an IPv6 address, which is what one customer of a network has. */
export function groupOf(address: Address): string {
  if (address instanceof ipaddr.IPv4) return address.toString();
  const prefix = address.parts.map((part, index) => (index < 4 ? part : 0));
  return `${new ipaddr.IPv6(prefix).toString()}/64`;
}

/** An address that no caller on the internet has: a proxy in front, or a neighbour. */
export function isPrivate(address: Address): boolean {
  return ['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'].includes(address.range());
}

/**
 * The client's address behind trusted proxies. Each proxy adds, at the right of X-Forwarded-For, the address it was
 * called from; what stands further left than the trusted ones vouch for was written by the caller.
 */
export class TrustedProxies {
  private readonly hops: number;
  private readonly networks: [Address, number][];

  /** @param trusted one number of proxies, or their addresses and networks; empty for none */
  constructor(trusted: readonly string[]) {
    this.hops = /^\d+$/.test(trusted[0] ?? '') ? Number(trusted[0]) : 0;
    this.networks = this.hops > 0 || trusted[0] === '0' ? [] : trusted.map(parseNetwork);
  }

  get none(): boolean {
    return this.hops === 0 && this.networks.length === 0;
  }

  /** @returns the peer if the header names no address where one is expected */
  clientOf(peer: Address, forwardedFor: string | undefined): Address {
    const entries = (forwardedFor ?? '').split(',').filter((entry) => entry.trim() !== '');
    let client = peer;
    for (let hop = 0; this.trusts(client, hop) && entries.length > 0; hop += 1) {
      const next = parseAddress(withoutPort(entries.pop()!.trim()));
      if (!next) return peer;
      client = next;
    }
    return client;
  }

  private trusts(address: Address, hop: number): boolean {
    if (hop < this.hops) return true;
    return this.networks.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  }
}

function parseNetwork(text: string): [Address, number] {
  if (!text.includes('/')) {
    const address = ipaddr.process(text);
    return [address, address instanceof ipaddr.IPv4 ? 32 : 128];
  }
  const [network, bits] = ipaddr.parseCIDR(text);
  return network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress()
    ? [network.toIPv4Address(), Math.max(0, bits - MAPPED_PREFIX_BITS)]
    : [network, bits];
}

/** `203.0.113.7:4711`, `[2001:db8::1]:4711` and `[2001:db8::1]` as some proxies write them. */
function withoutPort(entry: string): string {
  return entry.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
}
