import { ADDRESSES } from '../../options/option-tables.js';
import { OptionsError } from '../../options/option-checks.js';
import { readSection } from '../../options/read-section.js';
import { type Cidr, parseCidr } from './ip-ranges.js';

/**
 * Whom remotes can make this peer call, and from where senders are let in. Whatever is written here,
 * unspecified, multicast, link-local and the cloud providers' metadata addresses are refused, and IPv6
 * addresses that lead to one of them.
 */
export interface AddressOptions {
  /**
   * Addresses or CIDR ranges that are allowed besides the default ones: `['100.64.0.0/10']`. Each range is
   * one more part of the network that a `/join` can make this peer call.
   *
   * @defaultValue none
   */
  allow?: readonly string[] | undefined;
  /**
   * Addresses or CIDR ranges that are refused, even if they are allowed otherwise.
   *
   * @defaultValue none
   */
  deny?: readonly string[] | undefined;
  /**
   * Whether public addresses are allowed beside loopback and private ones, for senders and for members.
   * An open cloud on public addresses belongs to whoever finds it.
   *
   * @defaultValue `false` without `security`, `true` with it
   */
  public?: boolean | undefined;
  /**
   * Whether members may have a port below 1024. Other services listen there, which a `/join` should not
   * make this peer call. Needed where the app itself is on port 80.
   *
   * @defaultValue `false`
   */
  privilegedPorts?: boolean | undefined;
}

/** AddressOptions, complete. */
export interface ResolvedAddressOptions {
  readonly allow: readonly Cidr[];
  readonly deny: readonly Cidr[];
  /** Undefined: as `security` says. */
  readonly public: boolean | undefined;
  readonly privilegedPorts: boolean;
}

/**
 * Checks the section and fills in the defaults.
 *
 * @throws OptionsError that names the option
 */
export function resolveAddressOptions(
  input: unknown,
  path: string,
): ResolvedAddressOptions {
  const given = readSection(input, path, ADDRESSES);
  return {
    ...given,
    allow: readRanges(given.allow, `${path}.allow`),
    deny: readRanges(given.deny, `${path}.deny`),
  };
}

function readRanges(value: unknown, path: string): Cidr[] {
  if (value === undefined) {
    return [];
  }
  if (!Array.isArray(value)) {
    throw new OptionsError(path, value, "must be an array like ['10.0.0.0/8']");
  }
  return value.map((entry: unknown, index) => {
    const range = parseCidr(entry);
    if (!range) {
      throw new OptionsError(
        `${path}[${index}]`,
        entry,
        "must be an IP address or a range like '10.0.0.0/8' or 'fd00::/8'",
      );
    }
    return range;
  });
}
