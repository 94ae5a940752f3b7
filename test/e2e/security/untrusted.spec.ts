import { generateKeyPairSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  PeerBody,
  PeerSecurity,
  PeerSender,
  type Peer,
  type PeerCloudOptions,
} from '../../../src/index.js';
import type { MembershipCore } from '../../../src/membership/core/membership-core.js';
import {
  STREAM_DIALER,
  type StreamDialer,
} from '../../../src/messaging/stream/sender/index.js';
import { MEMBERSHIP_CORE } from '../../../src/options/peer-cloud.tokens.js';
import { until } from '../../support/until.js';
import {
  agree,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../module/support/peer-app.js';

/** Senders of what has been handled. */
let handled: string[] = [];

@Injectable()
class Recorder {
  @OnPeerMessage()
  record(@PeerBody() _body: object, @PeerSender() { id }: Peer): void {
    handled.push(id);
  }
}

beforeEach(() => (handled = []));
afterEach(closePeers);

const keys = [1, 2, 3].map(() => generateKeyPairSync('ed25519'));
const trustedKeys = keys.map(({ publicKey }) => publicKey);

async function startCloud(
  options: PeerCloudOptions = {},
): Promise<[PeerApp, PeerApp, PeerApp]> {
  const optionsOf = (index: number): PeerCloudOptions => ({
    ...options,
    security: { privateKey: keys[index]!.privateKey, trustedKeys },
  });
  const providers = [Recorder];
  const alice = await startPeer({ providers, options: optionsOf(0) });
  const rest = [1, 2].map((index) =>
    startPeer({
      providers,
      options: { ...optionsOf(index), peers: [alice.address] },
    }),
  );
  const [bob, mallory] = (await Promise.all(rest)) as [PeerApp, PeerApp];
  await until(() => agree([alice, bob, mallory]));
  return [alice, bob, mallory];
}

const idOf = ({ membership }: PeerApp) => membership.self.id;

describe('a member whose key is taken out', () => {
  it('is none any more at once, and its open stream delivers nothing', async () => {
    const [alice, bob, mallory] = await startCloud();
    await mallory.messaging.send(idOf(alice), { first: true });
    expect(handled).toEqual([idOf(mallory)]);
    const [own, bobs] = trustedKeys;
    const security = alice.app.get(PeerSecurity, { strict: false });
    security.replaceTrustedKeys([own!, bobs!]);

    const pair = [alice, bob].map(idOf).sort();
    expect(listOf(alice)).toEqual(pair);
    expect(alice.events.at(-1)).toMatchObject({
      type: 'peer.left',
      peer: { id: idOf(mallory) },
    });
    const options = { timeout: 2000 };
    const sent = mallory.messaging.send(idOf(alice), { second: 1 }, options);
    await expect(sent).rejects.toBeDefined();
    await expect(
      alice.messaging.send(idOf(mallory), { third: true }),
    ).rejects.toMatchObject({ code: 'NO_SUCH_PEER' });

    // Who still trusts it goes on talking about it, to no avail.
    await mallory.membership.update({ still: 'here' });
    await bob.membership.update({ news: 1 });
    await until(() => alice.membership.get(idOf(bob))?.data.news === 1);
    await bob.messaging.send(idOf(alice), {});
    expect(handled).toEqual([mallory, bob].map(idOf));
    expect(listOf(alice)).toEqual(pair);
    expect(bob.membership.get(idOf(mallory))).toBeDefined();
  });

  it('has no stream any more, not even one of a member that has left', async () => {
    const [alice, bob, mallory] = await startCloud({ messageTimeout: 60_000 });
    const open: StreamDialer = mallory.app.get(STREAM_DIALER, {
      strict: false,
    });
    const core: MembershipCore = mallory.app.get(MEMBERSHIP_CORE, {
      strict: false,
    });
    const { socket, codec } = await open(core.get(idOf(alice))!, 5000);
    socket.on('error', () => undefined).resume();
    await mallory.membership.leave();
    await until(() => agree([alice, bob]));
    const hello = { v: 1, heartbeat: 60_000, maxBytes: 1024 };
    const message = ['m', 0, 1, 60_000, { still: 'here' }];
    const lines = [hello, message].map((line) => `${JSON.stringify(line)}\n`);
    socket.write(codec!.seal(lines.join('')));
    await until(() => handled.length === 1);

    const [own, bobs] = trustedKeys;
    const security = alice.app.get(PeerSecurity, { strict: false });
    security.replaceTrustedKeys([own!, bobs!]);
    await until(() => socket.closed);
  });
});
