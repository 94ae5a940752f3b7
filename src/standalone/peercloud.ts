import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PeerCloudError } from '../errors/peer-cloud.error.js';
import { MembershipService } from '../membership/membership.service.js';
import { DEFAULT_PORT } from '../wire/endpoints.js';
import { settle, type NodeCallback } from './callbacks.js';
import { isAddressInUse, isFree } from './free-port.js';
import { closeOnSignal } from './signals.js';
import { createClient } from './standalone-client.js';
import { StandaloneModule } from './standalone.module.js';
import { sortOptions, type SortedOptions } from './standalone.options.js';
import type { PeerCloudClient, StandaloneOptions } from './standalone.types.js';

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
  { host, module, onMessage, logger }: SortedOptions,
): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(
    StandaloneModule.register(
      { ...module, listener: { port, host } },
      onMessage,
    ),
    { logger, abortOnError: false },
  );
}
