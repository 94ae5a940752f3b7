import type { Server } from 'node:http';
import type { INestApplication, Provider } from '@nestjs/common';
import {
  type JsonValue,
  type Peer,
  type PeerCloudOptions,
  type SendOptions,
} from '../../../../src/index.js';
import { until } from '../../../support/until.js';
import {
  agree,
  startPeer,
  type PeerApp,
  type PeerAppSetup,
} from '../../module/support/peer-app.js';

/** A peer that sends, and one that has the handlers. */
export interface MessagePair {
  sender: PeerApp;
  receiver: PeerApp;
  /** The receiver, as the sender knows it. */
  peer: Peer;
  send: (body: object, options?: SendOptions) => Promise<JsonValue>;
}

export interface MessagePairSetup {
  providers: Provider[];
  receiver?: PeerAppSetup;
  /** Options of both sides. */
  options?: PeerCloudOptions;
  /** Options of the sender, over those of both. */
  sender?: PeerCloudOptions;
}

/** Starts two peers that know each other. */
export async function startPair(setup: MessagePairSetup): Promise<MessagePair> {
  const receiver = await startPeer({
    ...setup.receiver,
    providers: setup.providers,
    options: { ...setup.options, ...setup.receiver?.options },
  });
  const sender = await startPeer({
    providers: setup.providers,
    options: { ...setup.options, ...setup.sender, peers: [receiver.address] },
  });
  await until(() => agree([sender, receiver]));
  const peer = sender.membership.get(receiver.membership.self.id)!;
  return {
    sender,
    receiver,
    peer,
    send: (body, options) => peer.send(body as JsonValue, options),
  };
}

/** The server of a mounted peer. */
export function serverOf({ app }: PeerApp): Server {
  return (app as INestApplication).getHttpServer() as Server;
}
