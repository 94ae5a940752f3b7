import { BoundedCache } from './bounded-cache.js';
import { AddressRanges } from './cidr.js';
import { normalizeIp } from '../wire/address.js';
const PRIVILEGED_PORTS = 1024;
const CACHED_VERDICTS = 4096;
const LOOPBACK = ['127.0.0.0/8', '::1'];
/** RFC 1918 and RFC 4193. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];
/** What no peer can have, or what must not be called whatever the options say. */
const NEVER = {
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
/** IPv6 ranges that lead to an IPv4 address which the other rules cannot see: only on explicit wish. */
const TRANSLATED = [
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
];
/**
 * Decides whom remotes can make this peer call and, for an open cloud, from where senders are let in.
 * It judges IP literals only: names are resolved before, once, and the literal is what is called.
 */
export class AddressPolicy {
  options;
  never = Object.entries(NEVER).map(([reason, ranges]) => [
    reason,
    new AddressRanges(ranges),
  ]);
  loopback = new AddressRanges(LOOPBACK);
  private = new AddressRanges(PRIVATE);
  translated = new AddressRanges(TRANSLATED);
  allowed;
  denied;
  publicAllowed;
  verdicts = new BoundedCache(CACHED_VERDICTS);
  constructor(
    options,
    /** Whether the cloud is signed: public addresses are then allowed by default. */
    signed,
  ) {
    this.options = options;
    this.allowed = new AddressRanges(options.allow);
    this.denied = new AddressRanges(options.deny);
    this.publicAllowed = options.public ?? signed;
  }
  /** True if a remote may make this peer call that address. */
  allows(address, origin) {
    return this.refusal(address, origin) === undefined;
  }
  /**
   * Why that address is not called, for the log; undefined if it may be. A loopback address counts
   * only from an origin that is on loopback itself: to everyone else it means another machine.
   */
  refusal(address, origin) {
    const ip = normalizeIp(address.ip);
    if (ip === undefined) return 'is no IP address';
    if (!this.options.privilegedPorts && address.port < PRIVILEGED_PORTS) {
      return 'has a port below 1024 (option addresses.privilegedPorts)';
    }
    const refusal = this.judge(ip);
    if (refusal !== undefined) return refusal;
    return origin && this.loopback.has(ip) && !this.isLoopback(origin)
      ? 'is a loopback address, and who named it is not on loopback'
      : undefined;
  }
  /** Why requests from there are refused, for the log; undefined if they are let in. */
  senderRefusal(remoteAddress) {
    const ip = normalizeIp(remoteAddress);
    return ip === undefined ? 'is no IP address' : this.judge(ip);
  }
  isLoopback(origin) {
    const ip = normalizeIp(origin.remoteAddress);
    return ip !== undefined && this.loopback.has(ip);
  }
  judge(ip) {
    const cached = this.verdicts.get(ip);
    if (cached !== undefined) return cached === '' ? undefined : cached;
    const verdict = this.findRefusal(ip);
    this.verdicts.set(ip, verdict ?? '');
    return verdict;
  }
  findRefusal(ip) {
    if (this.loopback.has(ip)) return this.deniedReason(ip);
    for (const [reason, ranges] of this.never) {
      if (ranges.has(ip)) return reason;
    }
    const denied = this.deniedReason(ip);
    if (denied !== undefined || this.allowed.has(ip)) return denied;
    if (this.translated.has(ip)) return 'leads to an IPv4 address';
    return this.publicAllowed || this.private.has(ip)
      ? undefined
      : 'is public (options security, addresses.allow, addresses.public)';
  }
  deniedReason(ip) {
    return this.denied.has(ip) ? 'is on the list addresses.deny' : undefined;
  }
}
//# sourceMappingURL=address-policy.js.map
