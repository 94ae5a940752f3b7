import { createServer, type AddressInfo } from 'node:net';

/** A port of loopback that was free a moment ago, for libraries that do not tell which one they took. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** How often another port is taken where somebody else was quicker. */
const TRIES = 4;

/** Listens at a port that was free a moment ago; at another one where it is taken by now. Returns the port. */
export async function listenAtFreePort(
  listen: (port: number) => Promise<unknown>,
): Promise<number> {
  for (let left = TRIES; ; left--) {
    const port = await freePort();
    try {
      await listen(port);
      return port;
    } catch (error) {
      if (left <= 1 || !String(error).includes('EADDRINUSE')) {
        throw error;
      }
    }
  }
}
