import type { PeerAnswer } from '../../transport/peer-transport.interface.js';
import { TransportError } from '../../transport/transport.error.js';
import { isSuccess } from '../../wire/endpoints.js';
import { isJsonObject } from '../../wire/json.js';

const OWN_PORT =
  'or give the protocol a port of its own with the option listener';

const NAT =
  'behind some NATs only this peer cannot reach itself there, and the others can';

/** Says what stands between this peer's port and its own answer, and what to do about it. */
export function diagnoseAnswer(
  { status, body }: PeerAnswer,
  selfId: string,
): string {
  if (isSuccess(status)) {
    return diagnoseSuccess(body, selfId);
  }
  if (status >= 300 && status < 400) {
    return `a redirect (${status}), which peers do not follow: exempt the path, ${OWN_PORT}`;
  }
  switch (status) {
    case 401:
    case 403:
      return `a guard or a middleware of the app refuses it (${status}): let the protocol through with the extra decorators of forRoot() (the decorator that marks a route public), ${OWN_PORT}`;
    case 404:
      return `no route answers it (404): a host filter, a rewriting proxy or the wrong port, or mount is false without the option listener`;
    case 429:
      return `a rate limit of the app refuses it (429): exempt the path, ${OWN_PORT}`;
    case 413:
    case 415:
      return `something ahead of the protocol reads its bodies (${status}): exempt the path from that proxy or middleware, ${OWN_PORT}`;
    default:
      return status >= 500
        ? `something of the app, or a proxy, fails at it (${status}): see its own log, exempt the path, ${OWN_PORT}`
        : `a route, a guard or a pipe of the app answers it (${status}): move that route or exempt the path, ${OWN_PORT}`;
  }
}

/** Says why no answer came at all. */
export function diagnoseFailure(error: unknown): string {
  const code = error instanceof TransportError ? error.code : undefined;
  switch (code) {
    case 'REFUSED':
      return `nobody listens there: the options ip and port must name where this app is reached (${NAT})`;
    case 'TIMEOUT':
      return `no answer came in time: something of the app holds the request, or the address is not this one (${NAT})`;
    case 'UNREACHABLE':
      return `the address cannot be reached from here: the options ip and port must name where this app is reached (${NAT})`;
    default:
      return `no usable answer came (${code ?? String(error)}): is the port spoken to by http here and served by https, or not by this app?`;
  }
}

function diagnoseSuccess(body: unknown, selfId: string): string {
  if (isJsonObject(body) && typeof body.online === 'boolean') {
    return 'another peer answers there: a wrong port, or a load balancer in between; peers must reach each one of them by itself';
  }
  if ((JSON.stringify(body) ?? '').includes(selfId)) {
    return `something changes the answer on its way (an interceptor, a middleware or a proxy): exempt the path, ${OWN_PORT}`;
  }
  return `a route of the app's own, or one that takes every path, answers it: move that route, ${OWN_PORT}`;
}
