import { createServer } from 'node:net';

/** Whether a port can be listened on at this moment. Without a host it means all interfaces. */
export function isFree(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // Any other problem is for the real listener to report.
    server.once('error', (error) => resolve(!isAddressInUse(error)));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });
}

/** True for a taken port, also as the cause of another error. */
export function isAddressInUse(error: unknown): boolean {
  return (
    error instanceof Error &&
    ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' ||
      isAddressInUse(error.cause))
  );
}
