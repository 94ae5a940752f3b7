import {
  Injectable,
  Module,
  type INestApplicationContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
} from 'nestjs-peercloud';
import { natsTransport } from 'nestjs-peercloud/nats';
import {
  serveCommands,
  type Command,
  type Departure,
  type Lists,
} from './commands.js';

/** A process with any number of our peers, each a Nest application context with a listener of its own. */

/** Long: that every peer replies is what counts, not how soon it does on a busy machine. */
const MESSAGE_TIMEOUT_MS = 30_000;

@Injectable()
class Answering {
  @OnPeerMessage()
  answer(): { ok: true } {
    return { ok: true };
  }
}

const peers = new Map<string, INestApplicationContext>();
const departures: Departure[] = [];

async function start(
  command: Extract<Command, { type: 'start' }>,
): Promise<Record<string, never>> {
  const { name, port, seeds, secret, nats } = command;
  const place = nats
    ? {
        cloud: nats.cloud,
        transport: natsTransport({ servers: nats.servers }),
      }
    : { peers: seeds, listener: { port, host: '0.0.0.0' } };
  @Module({
    imports: [
      PeerCloudModule.forRoot({
        ...place,
        data: { name },
        messageTimeout: MESSAGE_TIMEOUT_MS,
        ...(secret !== undefined && { security: { secret } }),
      }),
    ],
    providers: [Answering],
  })
  class PeerModule {}
  const app = await NestFactory.createApplicationContext(PeerModule, {
    logger: false,
  });
  app.enableShutdownHooks(['SIGTERM']);
  peers.set(name, app);
  const membership = app.get(MembershipService);
  membership.events$.subscribe((event) => {
    if (event.type === 'peer.left') {
      departures.push({
        observer: name,
        name: event.peer.data.name as string,
        reason: event.reason,
      });
    }
  });
  return {};
}

function peerNamed(name: string): INestApplicationContext {
  const peer = peers.get(name);
  if (!peer) {
    throw new Error(`no peer ${name} in this process`);
  }
  return peer;
}

function lists(): Lists {
  return Object.fromEntries(
    [...peers].map(([name, app]) => [
      name,
      app
        .get(MembershipService)
        .peers()
        .map((peer) => peer.data.name as string),
    ]),
  );
}

serveCommands(async (command) => {
  switch (command.type) {
    case 'start':
      return start(command);
    case 'lists':
      return lists();
    case 'departures':
      return departures.splice(0);
    case 'broadcast': {
      const messaging = peerNamed(command.name).get(MessagingService);
      const results = await messaging.broadcast({ hello: command.name });
      const failed = results.filter((result) => 'error' in result);
      return {
        replies: results.length - failed.length,
        failures: failed.map((result) => String(result.error)),
      };
    }
  }
});
