import { OptionsError } from '../../options/option-checks.js';
import {
  CHANNEL_HEADER,
  isMetadata,
  MAX_METADATA_CHARS,
  METADATA_HEADER,
  metadataText,
  type MessageMetadata,
} from '../../wire/message-head.js';

/** Feature of the peers that understand heads (PROTOCOL.md, section 4). */
export const HEAD_FEATURE = 'head';

/** Feature of the peers that send several replies to one message (PROTOCOL.md, section 4, `replies`). */
export const REPLIES_FEATURE = 'replies';

/** What travels beside a body, on its way out; the metadata is text already, however many peers it goes to. */
export class OutgoingHead {
  /** As it was given; undefined for none. */
  readonly metadata: MessageMetadata | undefined;
  readonly #text: string | undefined;
  /** The frame for one reply; the same for all messages of a channel. */
  #json: string | undefined;

  /** @throws OptionsError for metadata that is not strings by name, or too large */
  constructor(
    readonly channel?: string,
    metadata?: unknown,
    text = metadata === undefined ? undefined : readText(metadata),
  ) {
    this.metadata = metadata as MessageMetadata | undefined;
    this.#text = text;
  }

  /** The same head with what has been added to its metadata since, each as far as there is room for it. */
  static withAdded(
    head: OutgoingHead | undefined,
    metadata: MessageMetadata,
  ): OutgoingHead | undefined {
    const { channel, metadata: before = {} } = head ?? {};
    const added = Object.entries(metadata).filter(
      ([key, value]) => value !== before[key],
    );
    if (added.length === 0) {
      return head;
    }
    const all = { ...before, ...metadata };
    const text = textOf(all);
    if (text !== undefined) {
      return new OutgoingHead(channel, all, text);
    }
    let kept: MessageMetadata | undefined = head?.metadata;
    for (const [key, value] of added) {
      const more: MessageMetadata = { ...kept, [key]: value };
      kept = textOf(more) === undefined ? kept : more;
    }
    return new OutgoingHead(channel, kept);
  }

  /** The channel, where there is nothing beside it. */
  get channelAlone(): string | undefined {
    return this.#text === undefined ? this.channel : undefined;
  }

  /**
   * As it stands in a frame.
   * @param replies characters of replies that a reader takes for now
   */
  json(replies?: number): string {
    return replies === undefined
      ? (this.#json ??= this.#frame())
      : this.#frame(replies);
  }

  #frame(replies?: number): string {
    const parts: string[] = [];
    if (this.channel !== undefined) {
      parts.push(`"channel":"${this.channel}"`);
    }
    if (this.#text !== undefined) {
      parts.push(`"metadata":${this.#text}`);
    }
    if (replies !== undefined) {
      parts.push(`"replies":${replies}`);
    }
    return `{${parts.join()}}`;
  }

  /** As it stands in a request. */
  get headers(): Record<string, string> {
    return {
      ...(this.channel !== undefined && { [CHANNEL_HEADER]: this.channel }),
      ...(this.#text !== undefined && {
        [METADATA_HEADER]: this.#text,
      }),
    };
  }
}

function readText(metadata: unknown): string {
  const text = textOf(metadata);
  if (text === undefined) {
    throw new OptionsError(
      'metadata',
      metadata,
      `must be strings by name, ${MAX_METADATA_CHARS} characters of JSON at most (those beyond ASCII count as 6): what is larger belongs into the body`,
    );
  }
  return text;
}

/** As it travels; undefined for what cannot. */
function textOf(metadata: unknown): string | undefined {
  const text = isMetadata(metadata) ? metadataText(metadata) : undefined;
  return text === undefined || text.length > MAX_METADATA_CHARS
    ? undefined
    : text;
}
