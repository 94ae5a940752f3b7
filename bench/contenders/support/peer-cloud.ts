import 'reflect-metadata';
import { tracingChannel } from 'node:diagnostics_channel';
import {
  Injectable,
  Module,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MembershipService,
  MessagingService,
  OnPeerMessage,
  PeerCloudModule,
  type Peer,
  type PeerCloudOptions,
} from 'nestjs-peercloud';
import { PeerCloudTelemetryModule } from 'nestjs-peercloud/opentelemetry';
import type {
  BenchClient,
  ClientEnv,
  Contender,
  FanOut,
  PartName,
  PeerLocation,
} from '../../contender.js';
import { isEcho } from '../../load/body.js';
import { httpAdapter, type AdapterName } from './http-adapter.js';
import { startSdk } from './telemetry-sdk.js';
import { makeCertificate, type Certificate } from './certificate.js';

const JOIN_TIMEOUT = 60_000;

/** What the peers of the signed clouds share. */
export const BENCH_SECRET = 'a secret of the benchmarks, of 48 bytes or so ...';

/** Peers that share a machine with hundreds of others: it would do nothing but check and gossip. */
const CROWDED: PeerCloudOptions = {
  healthCheck: false,
  membership: { gossipInterval: 2_000 },
};

/** One way to run this package. */
export interface PeerCloudSetup {
  adapter: AdapterName;
  lane: 'stream' | 'message';
  /** Whether the protocol has its own port. Default: it is mounted in the app. */
  listener?: boolean;
  tls?: boolean;
  security?: PeerCloudOptions['security'];
  /** What a message has that most have not. Default: nothing. */
  extra?: 'channel' | 'metadata' | 'traced' | 'telemetry';
}

/** A channel, and metadata as a trace context has it. */
const CHANNEL = 'bench';
const METADATA = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

@Injectable()
class EchoHandler {
  @OnPeerMessage('echo')
  echo(body: unknown): unknown {
    return body;
  }
}

@Module({})
class PeerModule {}

/** This package as a contender: an app on both sides, as users would write it. */
export function peerCloudContender(
  title: string,
  setup: PeerCloudSetup,
  parts: readonly PartName[] = ['request-reply'],
  notQuick: readonly PartName[] = [],
): Contender {
  return {
    title,
    parts,
    notQuick,

    async server({ host, seeds, crowded }) {
      const certificate = setup.tls
        ? (certificateOf(seeds[0]) ?? makeCertificate(host))
        : undefined;
      const options = optionsOf(host, setup, seeds, certificate);
      const peer = await createPeer(setup, certificate, {
        ...options,
        ...(crowded && CROWDED),
      });
      peer
        .get(MessagingService)
        .channel(CHANNEL)
        .handle((body) => body);
      await join(peer, host);
      const { id, port } = peer.get(MembershipService).self;
      return { location: { id, port, ...certificate } };
    },

    client: (env) => peerCloudClient(env, setup),
  };
}

/** A sender that has joined the cloud of these peers and sees them all. */
export async function peerCloudClient(
  { host, peers: locations, fanOut }: ClientEnv,
  setup: PeerCloudSetup,
): Promise<BenchClient> {
  const certificate = certificateOf(locations[0]);
  const options = optionsOf(host, setup, locations, certificate);
  const app = await createPeer(setup, certificate, {
    ...options,
    ...(fanOut && messagingOf(fanOut)),
  });
  const membership = app.get(MembershipService);
  const messaging = app.get(MessagingService);
  const startedAt = performance.now();
  await join(app, host);
  const peers = await allOf(membership, locations);
  const joinMs = performance.now() - startedAt;
  return {
    joinMs,
    send: sendingBy(messaging, peers, setup.extra),
    broadcast: async (body) => {
      const results = await messaging.broadcast(body);
      return results.filter(({ value }) => isEcho(value, body)).length;
    },
    close: () => app.close(),
  };
}

function sendingBy(
  messaging: MessagingService,
  peers: readonly Peer[],
  extra: PeerCloudSetup['extra'],
): BenchClient['send'] {
  switch (extra) {
    case 'channel': {
      const channel = messaging.channel(CHANNEL);
      return (peer, body) => channel.send(peers[peer]!, body);
    }
    case 'metadata':
      return (peer, body) =>
        messaging.send(peers[peer]!, body, { metadata: METADATA });
    default:
      return (peer, body) => messaging.send(peers[peer]!, body);
  }
}

function createPeer(
  setup: PeerCloudSetup,
  certificate: Certificate | undefined,
  options: PeerCloudOptions,
): Promise<INestApplication> {
  if (setup.extra === 'traced') {
    tracingChannel('peercloud:message.settled').asyncEnd.subscribe(
      () => undefined,
    );
  }
  if (setup.extra === 'telemetry') {
    startSdk();
  }
  const module: DynamicModule = {
    module: PeerModule,
    imports: [
      PeerCloudModule.forRoot(options),
      ...(setup.extra === 'telemetry'
        ? [PeerCloudTelemetryModule.forRoot()]
        : []),
    ],
    providers: [EchoHandler],
  };
  return NestFactory.create(module, httpAdapter(setup.adapter, certificate), {
    logger: false,
    ...(certificate && { httpsOptions: certificate }),
  });
}

async function join(app: INestApplication, host: string): Promise<void> {
  await app.listen(0, host);
  await app.get(MembershipService).whenJoined();
}

function optionsOf(
  host: string,
  { lane, listener, security }: PeerCloudSetup,
  seeds: readonly PeerLocation[],
  certificate: Certificate | undefined,
): PeerCloudOptions {
  return {
    // One seed will do: it names all the others.
    peers: seeds.slice(0, 1).map(({ port }) => `${host}:${port}`),
    ...(lane === 'message' && { messaging: { stream: false } }),
    ...(listener && { listener: { port: 0, host } }),
    ...(security && { security }),
    ...(certificate && {
      tls: { ...certificate, ca: certificate.cert, mutual: false },
    }),
  };
}

function messagingOf({ concurrency, streams }: FanOut): PeerCloudOptions {
  return {
    messaging: {
      broadcastConcurrency: concurrency,
      stream: { maxStreams: streams },
    },
  };
}

/** Waits until every peer is on the list; returns them in the order of their numbers. */
export async function allOf(
  membership: MembershipService,
  locations: readonly PeerLocation[],
): Promise<Peer[]> {
  const deadline = performance.now() + JOIN_TIMEOUT;
  for (;;) {
    const found = locations.map(({ id, port }) =>
      // A legacy peer has no id to tell.
      id === undefined
        ? membership.peers().find((peer) => peer.port === port)
        : membership.get(String(id)),
    );
    if (found.every((peer) => peer !== undefined)) {
      return found;
    }
    if (performance.now() > deadline) {
      const seen = found.filter((peer) => peer).length;
      throw new Error(`sees ${seen} of ${locations.length} peers`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function certificateOf(
  location: PeerLocation | undefined,
): Certificate | undefined {
  const { cert, key } = location ?? {};
  return cert === undefined
    ? undefined
    : { cert: String(cert), key: String(key) };
}
