import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { headers as newHeaders, type Msg } from '@nats-io/transport-node';
import { OnPeerMessage } from '../../../src/index.js';
import type { MembershipCore } from '../../../src/membership/core/membership-core.js';
import { MEMBERSHIP_CORE } from '../../../src/options/peer-cloud.tokens.js';
import {
  agree,
  closePeers,
  listOf,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { describeWith, NATS } from '../../support/services.js';
import { until } from '../../support/until.js';
import { Outsider, startOnNats } from './nats-peer.js';

@Injectable()
class Counter {
  handled = 0;

  @OnPeerMessage()
  count() {
    return { count: ++this.handled };
  }
}

const SECURITY = {
  secret: 'sixteen characters at the least',
  // So that broadcasts are taken at once when the first second is over.
  clockSkew: 0,
};

const HOW_MANY = 2000;

await describeWith([NATS], 'another client of the same NATS server', () => {
  let cloud: string;
  let outsider: Outsider;
  let peers: PeerApp[];
  let before: string;
  beforeEach(async () => {
    cloud = randomUUID();
    outsider = await Outsider.listen(`peercloud.${cloud}.>`);
    peers = await Promise.all(
      [1, 2, 3].map(() =>
        startOnNats(
          { cloud, security: SECURITY, healthCheck: false },
          { providers: [Counter] },
        ),
      ),
    );
    await until(() => agree(peers));
    before = listOf(peers[0]!).join();
  });
  afterEach(async () => {
    // Whatever it was: all are there, they know each other, and talk.
    expect(peers.map((peer) => listOf(peer).join())).toEqual(
      peers.map(() => before),
    );
    const results = await peers[1]!.messaging.broadcast({ after: true });
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
    await closePeers();
    await outsider.close();
  });

  const atPeer = (index: number, rest: string) => {
    const core: MembershipCore = peers[index]!.app.get(MEMBERSHIP_CORE);
    const { ip } = core.self;
    return `peercloud.${cloud}.at.${ip}.${rest}`;
  };

  const handledBy = (index: number) =>
    peers[index]!.app.get(Counter, { strict: false }).handled;

  /** What it says to the peers is said, and answered as far as it is. */
  const settled = async () => {
    await outsider.connection.flush();
    await Promise.all(
      peers.map(({ messaging, membership }) =>
        messaging.send(membership.peers()[0]!.id, { ping: true }),
      ),
    );
  };

  it('says nothing with garbage, wherever it goes', async () => {
    const places = [
      'q.join',
      'q.joined',
      'q.left',
      'q.update',
      'q.sync',
      'q.status',
      'q.message',
      'q.stream',
      'q.broadcast',
      'q.no-such',
      'r.x',
      's.x',
    ].map((rest) => atPeer(0, rest));
    const all = [`peercloud.${cloud}.all`, `peercloud.${cloud}.seek`];
    const reply = `peercloud.${cloud}.at.fd00::1.r.x`;
    for (const place of [...places, ...all]) {
      for (const size of [0, 1, 5, 100, 10_000]) {
        const headers = newHeaders();
        headers.append('x-peercloud-id', 'garbage');
        headers.append('peercloud-status', '200');
        headers.append('peercloud-part', '5/3');
        headers.append('peercloud-socket', 'a.b.>');
        headers.append('signature', randomBytes(20).toString('base64'));
        const body = randomBytes(size);
        outsider.connection.publish(place, body, { headers, reply });
        outsider.connection.publish(place, body);
      }
    }
    await settled();
  });

  it('has nothing sent to subjects that are not for answers', async () => {
    const subject = `not-for-you.${cloud}`;
    const victim = await Outsider.listen(`${subject}.>`);
    const replies = [
      `${subject}.x`,
      `peercloud.${cloud}.all`,
      atPeer(1, 'q.left'),
      `peercloud.another.at.fd00::1.r.x`,
    ];
    const heard = outsider.seen.length;
    let sent = 0;
    for (const reply of replies) {
      for (const rest of ['q.status', 'q.stream', 's.x', 'r.x']) {
        outsider.connection.publish(atPeer(0, rest), 'x', { reply });
        sent++;
      }
      outsider.connection.publish(`peercloud.${cloud}.seek`, 'x', { reply });
      sent++;
    }
    await outsider.connection.flush();
    await until(() => outsider.seen.length >= heard + sent);
    await settled();
    expect(victim.seen).toEqual([]);
    await victim.close();
  });

  it('gets nothing done a second time by what it has heard', async () => {
    const [a, b] = peers as [PeerApp, PeerApp, PeerApp];
    const { id } = b.membership.self;
    await a.messaging.send(id, { n: 1 });
    // Broadcasts are taken as such when all have been there for a second.
    await until(async () => {
      const before = outsider.refusals().length;
      await a.messaging.broadcast({ n: 2 });
      return outsider.refusals().length === before;
    });
    await settled();
    const counts = [0, 1, 2].map(handledBy);
    const heard = outsider.seen.filter(({ subject }) => !/\.r\./.test(subject));
    for (const { subject, data, headers, reply } of heard as Msg[]) {
      outsider.connection.publish(subject, data, {
        ...(headers && { headers }),
        ...(reply && { reply }),
      });
    }
    await outsider.connection.flush();
    await until(async () => {
      const results = await a.messaging.broadcast({ n: 3 });
      return results.every(({ error }) => !error);
    });
    const after = [0, 1, 2].map(handledBy);
    // The last broadcast alone, once for each tried.
    expect(after[0]).toBe(counts[0]);
    expect(after[1]! - counts[1]!).toBe(after[2]! - counts[2]!);
    expect(after[1]! - counts[1]!).toBeLessThanOrEqual(3);
  });

  it('speaks for no member by its id', async () => {
    const victim = peers[1]!.membership.self.id;
    const reply = `peercloud.${cloud}.at.fd00::1.r.x`;
    const counts = [0, 1, 2].map(handledBy);
    const bodies = {
      'q.left': { id: victim },
      'q.update': { id: victim, data: { taken: true }, incarnation: 2 ** 45 },
      'q.joined': { id: randomUUID(), ip: 'fd00::1', port: 4222, data: {} },
      'q.message': { n: 1 },
    };
    for (const [rest, body] of Object.entries(bodies)) {
      for (const from of [victim, randomUUID()]) {
        const headers = newHeaders();
        headers.append('x-peercloud-id', from);
        const text = JSON.stringify(body);
        outsider.connection.publish(atPeer(0, rest), text, { headers, reply });
        const all = `peercloud.${cloud}.all`;
        outsider.connection.publish(all, text, { headers, reply });
      }
    }
    await outsider.connection.flush();
    await until(
      () =>
        outsider
          .of(/fd00::1\.r\.x$/)
          .filter(({ headers }) => headers?.get('peercloud-status') === '401')
          .length >=
        8 * 3,
    );
    expect([0, 1, 2].map(handledBy)).toEqual(counts);
  });

  it('stops nobody by floods', async () => {
    const reply = `peercloud.${cloud}.at.fd00::1`;
    for (let sent = 0; sent < HOW_MANY; sent++) {
      const { connection } = outsider;
      const seek = `peercloud.${cloud}.seek`;
      connection.publish(atPeer(0, 'q.join'), '{}', {
        reply: `${reply}.r.${sent}`,
      });
      connection.publish(atPeer(0, 'q.stream'), '', {
        reply: `${reply}.r.${sent}`,
      });
      connection.publish(atPeer(0, `s.${sent}`), 'x', {
        reply: `${reply}.s.${sent}`,
      });
      connection.publish(atPeer(0, `r.${sent}`), '{}');
      connection.publish(seek, '', { reply: `${reply}.r.seek` });
    }
    await settled();
    // Three peers, twenty a second each.
    const found = outsider.of(/r\.seek$/).length;
    expect(found).toBeLessThan(HOW_MANY / 2);
  });
});
