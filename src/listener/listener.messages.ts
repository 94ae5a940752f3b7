/** Texts that operators and developers meet, in one place. */

export const listening = (address: string): string =>
  `the protocol has its own listener at ${address}`;

export const cannotListen = (address: string, reason: string): string =>
  `the own listener cannot listen at ${address}: ${reason}. Give another one with listener.port (0 takes a free one) or listener.host`;
