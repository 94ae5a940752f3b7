import { Injectable } from '@nestjs/common';
import { OnPeerMessage, type PeerCloudOptions } from '../../../../src/index.js';
import { PEER_TRANSPORT } from '../../../../src/options/peer-cloud.tokens.js';
import type { RefusedRequest } from '../../../../src/security/refusal-log.js';
import type { PeerTransport } from '../../../../src/transport/peer-transport.interface.js';
import { heard } from '../../../support/heard.js';
import { until } from '../../../support/until.js';
import {
  agree,
  closePeers,
  startPeer,
  type PeerApp,
} from '../../module/support/peer-app.js';
import { closeServers } from './plain-server.js';
import { replay, SECRET, type Captured } from './wire.js';

/** Bodies that any peer's handler has got since `endSignedCloud`. */
export const handled: object[] = [];

@Injectable()
class Counter {
  @OnPeerMessage()
  count(body: object): object {
    handled.push(body);
    return { count: handled.length };
  }
}

/** Ends all peers and servers of a test; for `afterEach`. */
export async function endSignedCloud(): Promise<void> {
  handled.length = 0;
  await closePeers();
  closeServers();
}

/** Two members, and one whose requests are seen on their way. */
export async function startCloud(
  securityOf: (index: number) => PeerCloudOptions = () => ({
    security: { secret: SECRET },
  }),
) {
  const providers = [Counter];
  const optionsOf = (index: number): PeerCloudOptions => ({
    ...securityOf(index),
    messaging: { stream: false },
  });
  const alice = await startPeer({ providers, options: optionsOf(0) });
  const rest = [1, 2].map((index) =>
    startPeer({
      providers,
      options: { ...optionsOf(index), peers: [alice.address] },
    }),
  );
  const [bob, carol] = (await Promise.all(rest)) as [PeerApp, PeerApp];
  await until(() => agree([alice, bob, carol]));
  return { alice, bob, carol };
}

/** An attack is refused, for the reason that is meant, and says nothing of it. */
export async function expectBare401(
  peer: { port: number },
  attack: Captured,
  reason: string,
): Promise<void> {
  const attempt = async () => {
    const { status, headers, text } = await replay(peer, attack);
    expect(status).toBe(401);
    expect(headers.get('accept-signature')).toMatch(
      /^peercloud=\(.*tag="peercloud"$/,
    );
    expect(headers.has('signature')).toBe(false);
    expect(JSON.parse(text)).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'Unauthorized',
    });
  };
  const refused = await heard<RefusedRequest>(
    'peercloud:request.refused',
    attempt,
  );
  expect(refused.map((request) => request.reason)).toEqual([
    expect.stringContaining(reason),
  ]);
}

export const idOf = ({ membership }: PeerApp) => membership.self.id;

export const transportOf = ({ app }: PeerApp) =>
  app.get<PeerTransport>(PEER_TRANSPORT, { strict: false });
