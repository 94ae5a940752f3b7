/** Texts that operators and developers meet, in one place; what remotes meet is in protocol.error.ts. */

export const unsupportedAdapter = (type: string): string =>
  `the protocol cannot be mounted on the HTTP adapter "${type}": use Express or Fastify, or give the peer its own port with the option listener`;

export const routeTaken = (path: string): string =>
  `the app has a route of its own for POST ${path}, which the protocol needs for itself: move that route, or give the protocol a port of its own with the option listener`;

export const unreachableBy = (
  paths: string[],
  address: string,
  reason: string,
): string =>
  `other peers cannot reach this one properly: POST ${paths.join(', ')} at ${address}: ${reason}`;

export const answersAsItShould = (address: string): string =>
  `the protocol answers at ${address} as it should`;
