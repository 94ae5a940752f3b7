import { PeerCloudError } from '../errors/peer-cloud.error.js';

/** Longest piece of a wrong value that an error message repeats. */
const MAX_SHOWN = 80;

/**
 * An option that cannot work, found at start-up. The message has the option's path, what it got and
 * what to write: `peers[2]: "localhost:99999": port must be 0 to 65535`.
 */
export class OptionsError extends PeerCloudError {
  override readonly name = 'OptionsError';

  constructor(
    /** The option, as in `membership.maxPeers` or `peers[2]`. */
    readonly path: string,
    got: unknown,
    rule: string,
    options?: { cause?: unknown },
  ) {
    super('INVALID_OPTION', `${path}: ${show(got)}: ${rule}`, options);
  }
}

function show(value: unknown): string {
  if (typeof value === 'function') {
    return `function ${value.name}`.trim();
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    return String(value);
  }
  if (typeof value === 'object' && value !== null) {
    return shorten(showObject(value));
  }
  return shorten(JSON.stringify(value) ?? String(value));
}

function showObject(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
