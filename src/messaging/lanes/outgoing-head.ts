import { OptionsError } from '../../options/option-checks.js';
import {
  CHANNEL_HEADER,
  isMetadata,
  MAX_METADATA_CHARS,
  METADATA_HEADER,
  metadataText,
} from '../../wire/message-head.js';

/** Feature of the peers that understand heads (PROTOCOL.md, section 4). */
export const HEAD_FEATURE = 'head';

/** Feature of the peers that send several replies to one message (PROTOCOL.md, section 4, `replies`). */
export const REPLIES_FEATURE = 'replies';

/** What travels beside a body, on its way out; the metadata is text already, however many peers it goes to. */
export class OutgoingHead {
  readonly #metadata: string | undefined;

  /** @throws OptionsError for metadata that is not strings by name, or too large */
  constructor(
    readonly channel?: string,
    metadata?: unknown,
  ) {
    this.#metadata = metadata === undefined ? undefined : readText(metadata);
  }

  /**
   * As it stands in a frame.
   * @param replies characters of replies that a reader takes for now
   */
  json(replies?: number): string {
    const parts: string[] = [];
    if (this.channel !== undefined) {
      parts.push(`"channel":"${this.channel}"`);
    }
    if (this.#metadata !== undefined) {
      parts.push(`"metadata":${this.#metadata}`);
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
      ...(this.#metadata !== undefined && {
        [METADATA_HEADER]: this.#metadata,
      }),
    };
  }
}

function readText(metadata: unknown): string {
  const text = isMetadata(metadata) ? metadataText(metadata) : undefined;
  if (text === undefined || text.length > MAX_METADATA_CHARS) {
    throw new OptionsError(
      'metadata',
      metadata,
      `must be strings by name, ${MAX_METADATA_CHARS} characters of JSON at most (those beyond ASCII count as 6): what is larger belongs into the body`,
    );
  }
  return text;
}
