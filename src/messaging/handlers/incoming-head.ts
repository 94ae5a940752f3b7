import type { IncomingHttpHeaders } from 'node:http';
import {
  CHANNEL_HEADER,
  isMessageHead,
  METADATA_HEADER,
  type MessageHead,
  type MessageMetadata,
} from '../../wire/message-head.js';

/** What a message without metadata has. */
export const NO_METADATA: MessageMetadata = Object.freeze({});

/** The head in a request's headers: undefined where there is none, `'invalid'` for one that breaks the rules. */
export function headOf(
  headers: IncomingHttpHeaders,
): MessageHead | undefined | 'invalid' {
  const channel = headers[CHANNEL_HEADER];
  const metadata = headers[METADATA_HEADER];
  if (channel === undefined && metadata === undefined) {
    return undefined;
  }
  try {
    const head: unknown = {
      channel,
      metadata:
        metadata === undefined ? undefined : JSON.parse(String(metadata)),
    };
    return isMessageHead(head) ? head : 'invalid';
  } catch {
    return 'invalid';
  }
}
