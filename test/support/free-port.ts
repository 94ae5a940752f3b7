import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give out by themselves: nobody gets one of these by chance. */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** A free port, for programs that cannot take 0 and tell. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer().listen(port);
    try {
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
      return port;
    } catch {
      // Taken.
    }
  }
}
