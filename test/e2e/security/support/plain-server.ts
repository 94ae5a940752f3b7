import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const servers: Server[] = [];

/** Starts a server that is no peer, and gives its port. */
export async function serve(
  answer: RequestListener,
  host = '127.0.0.1',
): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, host, done));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

/** Ends all of them; for `afterEach`. */
export function closeServers(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}
