import { readBoolean, readObject } from '../options/option-checks.js';
import { OptionsError } from '../options/options.error.js';
import { parseCidr } from './cidr.js';
/** Reads the address options; throws an OptionsError that names the wrong one. */
export function resolveAddressOptions(input, path) {
  const options = readObject(input, path, [
    'allow',
    'deny',
    'public',
    'privilegedPorts',
  ]);
  return {
    allow: readRanges(options.allow, `${path}.allow`),
    deny: readRanges(options.deny, `${path}.deny`),
    public: readBoolean(options.public, `${path}.public`),
    privilegedPorts: readBoolean(
      options.privilegedPorts,
      `${path}.privilegedPorts`,
      { default: false },
    ),
  };
}
function readRanges(value, path) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    throw new OptionsError(path, value, "must be an array like ['10.0.0.0/8']");
  }
  return value.map((entry, index) => {
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
//# sourceMappingURL=address.options.js.map
