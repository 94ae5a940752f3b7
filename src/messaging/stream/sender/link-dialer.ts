import type { StreamSecurity } from '../../../security/index.js';
import type {
  TransportAnswer,
  TransportLink,
} from '../../../transport/link/index.js';
import { TransportError } from '../../../transport/transport.error.js';
import type { Member } from '../../../membership/index.js';
import type { OpenSocket } from '../framing/index.js';
import {
  openTwice,
  saysStreamsOff,
  StreamRefusedError,
  SWITCHED,
  NOT_FOUND,
  type StreamDialer,
} from './stream-dialer.js';

const NOTHING = Buffer.alloc(0);

/** Most bytes of an answer that refuses a stream. */
const MAX_REFUSAL_BYTES = 16 * 1024;

/** Codes of a TransportError that would stop any other request to the peer as well. */
const UNREACHABLE_CODES: ReadonlySet<string> = new Set([
  'REFUSED',
  'UNREACHABLE',
]);

/** Opens streams over another transport than HTTP. */
export function createLinkDialer(
  link: TransportLink,
  security: StreamSecurity,
): StreamDialer {
  return openTwice((member, timeout) => dial(link, security, member, timeout));
}

async function dial(
  link: TransportLink,
  security: StreamSecurity,
  member: Member,
  timeout: number,
): Promise<OpenSocket> {
  if (!link.connect) {
    throw refused(NOT_FOUND, true);
  }
  const opening = security.open(member.id);
  const { answer, socket } = await link
    .connect(member, opening.headers, {
      timeout,
      maxAnswerBytes: MAX_REFUSAL_BYTES,
    })
    .catch((cause: unknown) => {
      const isThere = !(
        cause instanceof TransportError && UNREACHABLE_CODES.has(cause.code)
      );
      throw new StreamRefusedError(undefined, !isThere, cause);
    });
  if (!socket) {
    const error = refused(answer.status, isOff(answer));
    error.isStale = opening.refused(answer.status, answer.headers);
    throw error;
  }
  try {
    const codec = opening.accept(answer.headers);
    return { socket, head: NOTHING, codec };
  } catch (cause) {
    socket.destroy();
    throw new StreamRefusedError(SWITCHED, false, cause);
  }
}

function isOff({ status, body }: TransportAnswer): boolean {
  return status === NOT_FOUND && saysStreamsOff(body);
}

function refused(status: number, isOff: boolean): StreamRefusedError {
  const error = new StreamRefusedError(status, false);
  error.isOff = isOff;
  return error;
}
