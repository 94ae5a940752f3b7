import { BoundedMap } from '../../util/bounded-map.js';
import { normalizeIp } from '../../wire/address.js';
import type { PeerAddress } from '../../wire/bodies.js';
import type { ResolvedAddressOptions } from './address.options.js';
import { AddressRanges, embeddedIpv4 } from './ip-ranges.js';

const PRIVILEGED_PORTS = 1024;
const CACHED_VERDICTS = 4096;

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** RFC 1918 and RFC 4193. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

/** What no peer can have, or what must not be called whatever the options say. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  'is unspecified': ['0.0.0.0/8', '::/128'],
  'is multicast or broadcast': ['224.0.0.0/4', '255.255.255.255', 'ff00::/8'],
  'is reserved': ['240.0.0.0/4', 'fec0::/10'],
  // AWS and most others, AWS ECS, Alibaba, Azure, Oracle, AWS and Google over IPv6.
  "is a cloud provider's metadata service": [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
  ],
  'is link-local': ['169.254.0.0/16', 'fe80::/10'],
};

/** Who makes this peer call an address. */
export interface AddressOrigin {
  /** Normalised IP literal of the socket that the address came over. */
  remoteAddress: string;
}

/**
 * Decides whom remotes can make this peer call and, for an open cloud, from where senders are let in.
 * It judges IP literals only: names are resolved before, once, and the literal is what is called.
 */
export class AddressPolicy {
  readonly #never = Object.entries(NEVER).map(
    ([reason, ranges]) => [reason, new AddressRanges(ranges)] as const,
  );
  readonly #loopback = new AddressRanges(LOOPBACK);
  readonly #private = new AddressRanges(PRIVATE);
  readonly #allowed: AddressRanges;
  readonly #denied: AddressRanges;
  readonly #publicAllowed: boolean;
  readonly #verdicts = new BoundedMap<string, string>(CACHED_VERDICTS);

  readonly #options: ResolvedAddressOptions;

  constructor(
    options: ResolvedAddressOptions,
    /** Whether the cloud is signed: public addresses are then allowed by default. */
    signed: boolean,
  ) {
    this.#options = options;
    this.#allowed = new AddressRanges(options.allow);
    this.#denied = new AddressRanges(options.deny);
    this.#publicAllowed = options.public ?? signed;
  }

  /**
   * Why no remote may make this peer call that address, for the log; undefined if it may. A loopback address counts
   * only from an origin that is on loopback itself: to everyone else it means another machine.
   */
  refusal(address: PeerAddress, origin?: AddressOrigin): string | undefined {
    const ip = normalizeIp(address.ip);
    if (ip === undefined) {
      return 'is no IP address';
    }
    if (!this.#options.privilegedPorts && address.port < PRIVILEGED_PORTS) {
      return 'has a port below 1024 (option addresses.privilegedPorts)';
    }
    const refusal = this.#judge(ip);
    if (refusal !== undefined) {
      return refusal;
    }
    return origin && this.#loopback.has(ip) && !this.#isLoopback(origin)
      ? 'is a loopback address, and who named it is not on loopback'
      : undefined;
  }

  /** Why requests from there are refused, for the log; undefined if they are let in. */
  senderRefusal(remoteAddress: string): string | undefined {
    const ip = normalizeIp(remoteAddress);
    return ip === undefined ? 'is no IP address' : this.#judge(ip);
  }

  #isLoopback(origin: AddressOrigin): boolean {
    const ip = normalizeIp(origin.remoteAddress);
    return ip !== undefined && this.#loopback.has(ip);
  }

  #judge(ip: string): string | undefined {
    const cached = this.#verdicts.get(ip);
    if (cached !== undefined) {
      return cached === '' ? undefined : cached;
    }
    const verdict = this.#findRefusal(ip);
    this.#verdicts.set(ip, verdict ?? '');
    return verdict;
  }

  #findRefusal(ip: string): string | undefined {
    if (this.#loopback.has(ip)) {
      return this.#deniedReason(ip);
    }
    const refusal = this.#alwaysRefused(ip);
    if (refusal !== undefined) {
      return refusal;
    }
    const hidden = embeddedIpv4(ip);
    for (const ipv4 of hidden ?? []) {
      const reason = this.#loopback.has(ipv4)
        ? 'is a loopback address'
        : this.#alwaysRefused(ipv4);
      if (reason !== undefined) {
        return `leads to ${ipv4}, which ${reason}`;
      }
    }
    if (this.#allowed.has(ip)) {
      return undefined;
    }
    // Where it leads the other rules cannot tell for certain: only on explicit wish.
    if (hidden) {
      return 'leads to an IPv4 address';
    }
    return this.#publicAllowed || this.#private.has(ip)
      ? undefined
      : 'is public (options security, addresses.allow, addresses.public)';
  }

  /** Whatever is allowed otherwise. */
  #alwaysRefused(ip: string): string | undefined {
    const never = this.#never.find(([, ranges]) => ranges.has(ip));
    return never ? never[0] : this.#deniedReason(ip);
  }

  #deniedReason(ip: string): string | undefined {
    return this.#denied.has(ip) ? 'is on the list addresses.deny' : undefined;
  }
}
