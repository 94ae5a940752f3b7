import type { Peer } from '../membership/index.js';
import { logText } from '../util/limited-log.js';
import { isJsonObject, type JsonValue } from '../wire/json.js';

/** Texts that operators and developers meet, in one place. */

/** A message and its handler, for lines of the log. */
export interface HandledMessage {
  /** Class and method. */
  readonly handler: string;
  readonly body: JsonValue;
  readonly sender: Pick<Peer, 'id'>;
}

/** A message as the log names it: by its pattern and its sender. */
const described = ({ body, sender }: HandledMessage): string => {
  const type = isJsonObject(body) ? body['type'] : undefined;
  const pattern = typeof type === 'string' ? ` ${logText(type)}` : '';
  return `message${pattern} from peer ${sender.id}`;
};

export const handlerFailed = (message: HandledMessage): string =>
  `${message.handler} failed on a ${described(message)}`;

export const replyNotJson = (message: HandledMessage | undefined): string =>
  `${message ? `${message.handler} answered a ${described(message)} with` : 'a handler returned'} what JSON cannot carry (a cycle or a BigInt): the sender gets a 500`;

export const replyTooLarge = (
  maxBytes: number,
  message: HandledMessage | undefined,
): string =>
  `the sender ${message ? `of a ${described(message)} ` : ''}got a 500 in place of a reply of more than the ${maxBytes} bytes that it takes (its option limits.maxAnswerBytes)`;

export const handlerIsTransient = (handler: string): string =>
  `${handler} never gets messages: its provider is transient, so that there is no one instance. Make it a singleton or request-scoped`;

export const handlerIsStatic = (handler: string): string =>
  `${handler} never gets messages: it is a static method. Make it a method of the instance`;

export const handlerUsesHttpParams = (handler: string): string =>
  `${handler}: some of its parameters are decorated for HTTP requests (@Req(), @Query() and the like) and have no value in a message. Use @PeerBody() and @PeerSender()`;

export const channelTaken = (name: string): string =>
  `channel ${name} has a handler: a channel has one at a time. Call what its handle() returned first, or take another name`;

export const patternInvalid = (handler: string, problem: string): string =>
  `@OnPeerMessage() of ${handler}: ${problem}. Write @OnPeerMessage('type'), or @OnPeerMessage({ name: value })`;

export const patternTaken = (handler: string, owner: string): string =>
  `@OnPeerMessage() of ${handler}: ${owner} has the same pattern, and a message has one handler. Change one of them`;

export const handlerIsThereTwice = (
  handler: string,
  first: string,
  second: string,
): string =>
  `@OnPeerMessage() of ${handler}: the class is in the ${first} and in the ${second}, and a message has one handler. Take it out of one of them`;

export const goesByMessage = (peer: string): string =>
  `messages to ${peer} go by /message, a request for each, because no stream could be opened`;

export const noStreamsThere = 'the peer takes no streams';

export const noStreamsHere =
  'streams are switched off here (option messaging.stream)';

export const noStreamPlace =
  'this peer has as many streams as it may (option messaging.stream.maxStreams)';

export const upgradeAnswered = (status: number): string =>
  `GET /stream was answered with ${status}`;

export const upgradeNotPassed = (status: number): string =>
  `${upgradeAnswered(status)}: something between the peers, such as a proxy, passes no upgrades to peercloud/1`;

export const streamNotAnswered = 'nobody answered to GET /stream in time';

export const streamBroken = (cause: string): string =>
  `streams are opened and come to nothing: ${cause}`;
