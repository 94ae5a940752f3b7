import type { IncomingMessage } from 'node:http';
import { refusals } from './protocol.error.js';

/** True for a browser's question whether a page of another site may send a request of the protocol. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' && headers['access-control-request-method'] === 'POST'
  );
}

/**
 * Throws a ProtocolError (403 `FROM_BROWSER`) for what a page has made a browser send. No page can
 * leave these headers out of a POST, and no peer sends them. CORS is no help here: an app may allow
 * every origin, and by DNS rebinding a page has the peer's own (PROTOCOL.md, section 1, browsers).
 */
export function refuseBrowsers(incoming: IncomingMessage): void {
  const { origin, 'sec-fetch-site': site } = incoming.headers;
  if (origin !== undefined || site !== undefined || isPreflight(incoming)) {
    throw refusals.fromBrowser();
  }
}
