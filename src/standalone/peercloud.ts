import { createServer } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { MembershipService } from '../membership/index.js';
import type { PeerCloudOptions } from '../options/peer-cloud.options.js';
import { DEFAULT_PORT } from '../wire/endpoints.js';
import { settle, createClient } from './standalone-client.js';
import { StandaloneModule } from './standalone.module.js';
import { type SortedOptions, sortOptions } from './standalone.options.js';
import type {
  NodeCallback,
  PeerCloudClient,
  StandaloneOptions,
} from './standalone.types.js';

/**
 * Starts a peer in this process, without an application of one's own: it listens, joins the cloud of
 * its known peers, or is the first of a new one (PROTOCOL.md, section 3).
 *
 * ```ts
 * const client = await peercloud({
 *   peers: ['127.0.0.1:9338'],
 *   onmessage: (peer, body, reply) => reply(null, { status: 'received' }),
 * });
 * await client.send({ message: 'hi all' });
 * ```
 *
 * @param callback `(error, client)`, as in the original; the promise is there in any case, and ignoring
 *   it raises no unhandled rejection
 * @returns the client, once the known peers have been tried
 * @throws OptionsError for a wrong option; PeerCloudError with code `PORT_TAKEN` for a given port that is taken;
 *   ListenFailedError for a host that cannot be had
 */
export function peercloud(
  options: StandaloneOptions = {},
  callback?: NodeCallback<PeerCloudClient>,
): Promise<PeerCloudClient> {
  return settle(start(options), callback);
}

async function start(input: StandaloneOptions): Promise<PeerCloudClient> {
  const options = sortOptions(input);
  const app = await listen(options);
  let forget = () => {};
  const client = createClient(app, () => forget());
  if (options.signals) {
    forget = closeOnSignal(() => client.close());
  }
  await app.get(MembershipService).whenJoined();
  return client;
}

/** The port rule of PROTOCOL.md, section 3. */
async function listen(
  options: SortedOptions,
): Promise<INestApplicationContext> {
  if (options.module.transport) {
    return createContext(options.module, options);
  }
  if (options.port !== 0) {
    return listenOnGiven(options);
  }
  if (!(await isFree(DEFAULT_PORT, options.host))) {
    return listenOn(0, options);
  }
  try {
    return await listenOn(DEFAULT_PORT, options);
  } catch (error) {
    // Somebody else was quicker.
    if (isAddressInUse(error)) {
      return listenOn(0, options);
    }
    throw error;
  }
}

async function listenOnGiven(
  options: SortedOptions,
): Promise<INestApplicationContext> {
  try {
    return await listenOn(options.port, options);
  } catch (cause) {
    if (isAddressInUse(cause)) {
      throw new PeerCloudError(
        'PORT_TAKEN',
        `port ${options.port} is taken: give another one, or 0 for any`,
        { cause },
      );
    }
    throw cause;
  }
}

function listenOn(
  port: number,
  options: SortedOptions,
): Promise<INestApplicationContext> {
  const { host, module } = options;
  return createContext({ ...module, listener: { port, host } }, options);
}

function createContext(
  module: PeerCloudOptions,
  { onMessage, logger }: SortedOptions,
): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(
    StandaloneModule.register(module, onMessage),
    { logger, abortOnError: false },
  );
}

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

/** What is still open in this process; a signal closes all of it. */
const open = new Set<() => Promise<unknown>>();

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Lets SIGINT and SIGTERM close something and then end the process with code 0, once everything
 * that was registered is closed. A second signal finds no handler and ends the process at once.
 *
 * @returns takes the registration back
 */
export function closeOnSignal(close: () => Promise<unknown>): () => void {
  if (open.size === 0) {
    SIGNALS.forEach((signal) => process.on(signal, closeAll));
  }
  open.add(close);
  return () => {
    open.delete(close);
    if (open.size === 0) {
      stopListening();
    }
  };
}

function closeAll(): void {
  stopListening();
  void Promise.allSettled([...open].map((close) => close())).then(() =>
    process.exit(0),
  );
}

function stopListening(): void {
  SIGNALS.forEach((signal) => process.off(signal, closeAll));
}
