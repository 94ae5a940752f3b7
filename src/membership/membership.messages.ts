import type { LeaveReason } from './core/index.js';

/** Texts that operators and developers meet, in one place. */

export const handlerCannotHear = (handler: string): string =>
  `${handler} never gets its events: it belongs to a request-scoped or transient provider. Make the provider a singleton`;

export const handlerHearsTwice = (
  owner: string,
  first: string,
  second: string,
): string =>
  `${owner} hears each of its events twice: it is in the ${first} and in the ${second}. Take it out of one of them`;

export const handlerFailed = (handler: string, event: string): string =>
  `${handler} failed at ${event}`;

export const peerJoined = (peer: string): string => `${peer} joined`;

export const peerLeft: Record<LeaveReason, (peer: string) => string> = {
  left: (peer) => `${peer} left: it said so`,
  dead: (peer) => `${peer} left: it answers no more`,
  replaced: (peer) => `${peer} left: another peer answers at its address`,
};

export const peerUpdated = (peer: string): string =>
  `${peer} is described anew`;

export const peerSuspected = (peer: string): string =>
  `${peer} does not answer: suspected until that is certain`;

export const peerRecovered = (peer: string): string => `${peer} answers again`;

export const cloudJoined = (size: number): string =>
  `member of a cloud of ${size} peers`;

export const tooFewMembers = (
  wanted: number,
  members: number,
  timeout: number,
): string =>
  `${members} of ${wanted} members after ${timeout} ms: see whether the others have started, and whether their options peers and cloud are right`;

export const cloudLeft = 'in no cloud any more';

export const loopbackAdvertised = (own: string, other: string): string =>
  `this peer is known to others as ${own}, but ${other} is on another host and cannot reach it there: give the option ip with the address of this machine`;
