import { isJsonObject } from './json.js';

/** Strings that travel beside a message's body: trace context, idempotency keys, tenants. */
export type MessageMetadata = Readonly<Record<string, string>>;

/** What travels beside a body (PROTOCOL.md, section 4, `head`). */
export interface MessageHead {
  /** The channel that the message is for; none for those of the application. */
  readonly channel?: string;
  readonly metadata?: MessageMetadata;
  /** Characters of replies that its sender takes for now, where it takes several; on streams only. */
  readonly replies?: number;
}

/** Request headers of `/message` that carry the head; the metadata is JSON in ASCII. */
export const CHANNEL_HEADER = 'x-peercloud-channel';
export const METADATA_HEADER = 'x-peercloud-metadata';

/** Characters of the metadata as JSON in ASCII, at most: it has to fit into a header. */
export const MAX_METADATA_CHARS = 4096;

/** Most characters of replies that a reader may have asked for and not got (PROTOCOL.md, section 4, `replies`). */
export const MAX_CREDIT = 2 ** 31 - 1;

const CHANNEL_NAME = /^[\w.:/-]{1,64}$/;

const NOT_ASCII = /[\u007f-\uffff]/g;

/** True for what can name a channel: 1 to 64 letters, digits and `_ . : / -`. */
export function isChannelName(value: unknown): value is string {
  return typeof value === 'string' && CHANNEL_NAME.test(value);
}

/** True for strings by name, of bounded size, and without a name by which prototypes are changed. */
export function isMetadata(value: unknown): value is MessageMetadata {
  if (!isJsonObject(value)) {
    return false;
  }
  let chars = 0;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string' || key === '__proto__') {
      return false;
    }
    chars += key.length + text.length;
  }
  return chars <= MAX_METADATA_CHARS;
}

/** True for a whole number of characters that a reader may ask for. */
export function isCredit(value: unknown): value is number {
  return (
    Number.isInteger(value) &&
    (value as number) > 0 &&
    (value as number) <= MAX_CREDIT
  );
}

/** True for a head that a receiver can use. */
export function isMessageHead(value: unknown): value is MessageHead {
  return (
    isJsonObject(value) &&
    (value['channel'] === undefined || isChannelName(value['channel'])) &&
    (value['metadata'] === undefined || isMetadata(value['metadata'])) &&
    (value['replies'] === undefined || isCredit(value['replies']))
  );
}

/** Metadata as it travels on every lane: JSON with escapes for what is not ASCII. */
export function metadataText(metadata: MessageMetadata): string {
  return JSON.stringify(metadata).replace(
    NOT_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
