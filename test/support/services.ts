import { connect } from 'node:net';

/** A service that some tests need, at its usual port of loopback. */
export interface Service {
  name: string;
  port: number;
}

export const POSTGRES: Service = { name: 'PostgreSQL', port: 5432 };
export const REDIS: Service = { name: 'Redis', port: 6379 };
export const NATS: Service = { name: 'NATS', port: 4222 };

const PATIENCE = 5_000;

/**
 * A `describe()` of tests that need services. Where one does not answer they are skipped, and the title
 * says why; with `CI` set that is a failure.
 */
export async function describeWith(
  services: readonly Service[],
  title: string,
  tests: () => void,
): Promise<void> {
  const answers = await Promise.all(services.map(doesAnswer));
  const missing = services
    .filter((_, at) => !answers[at])
    .map(({ name, port }) => `${name} does not answer at 127.0.0.1:${port}`);
  if (missing.length === 0) {
    describe(title, tests);
  } else if (process.env['CI']) {
    it(title, () => expect(missing).toEqual([]));
  } else {
    describe.skip(`${title} (${missing.join(', ')})`, tests);
  }
}

function doesAnswer({ port }: Service): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PATIENCE });
    const settle = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
