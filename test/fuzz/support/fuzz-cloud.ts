import { Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  PEER_HTTP_SERVICE,
  PeerSecurity,
  type PeerCloudOptions,
} from '../../../src/index.js';
import type { PeerHttpService } from '../../../src/transport/peer-http.service.js';
import {
  agree,
  closePeers,
  listOf,
  startPeer,
  type PeerApp,
} from '../../e2e/module/support/peer-app.js';
import { until } from '../../support/until.js';
import {
  expectNoFailures,
  unwatchFailures,
  watchFailures,
} from './failures.js';
import { MemoryWatch } from './memory-watch.js';

export const SECRET = 'a secret that all peers of this cloud share';

/** Ms for what comes right by itself: members that never were have to be found out. */
const PATIENCE = { timeout: 60_000 };

/** Nothing listens there, on any machine where tests run. */
const CLOSED_PORT = 1;

@Injectable()
class Echo {
  @OnPeerMessage()
  echo(body: object): object {
    return { echo: body };
  }
}

/** A peer under attack, and members that are what they seem. */
export class FuzzCloud {
  readonly memory = new MemoryWatch();
  private constructor(
    readonly subject: PeerApp,
    readonly others: readonly PeerApp[],
    private readonly reachable: Set<number>,
  ) {}

  /** @param members how many besides the peer under attack */
  static async start(
    signed: boolean,
    members: number,
    options: PeerCloudOptions = {},
  ): Promise<FuzzCloud> {
    watchFailures();
    const setup = (more: PeerCloudOptions) => ({
      providers: [Echo],
      options: {
        ...(signed && { security: { secret: SECRET } }),
        limits: { joinsPerMinute: 1_000_000, joinsPerMinutePerAddress: 1e6 },
        addresses: { deny: ['10.0.0.0/8', '172.16.0.0/12', 'fc00::/7'] },
        ...more,
      },
    });
    const subject = await startPeer(setup(options));
    const others = await Promise.all(
      Array.from({ length: members }, () =>
        startPeer(setup({ peers: [subject.address] })),
      ),
    );
    const peers = [subject, ...others];
    const reachable = new Set(peers.map(({ port }) => port));
    for (const { app } of peers) {
      stayAtHome(app.get(PEER_HTTP_SERVICE, { strict: false }), reachable);
    }
    await until(() => agree(peers), PATIENCE);
    return new FuzzCloud(subject, others, reachable);
  }

  get peers(): readonly PeerApp[] {
    return [this.subject, ...this.others];
  }

  /** Lets the peers call a port that is none of theirs. */
  allow(port: number): void {
    this.reachable.add(port);
  }

  /** What has to hold after every case. */
  async expectSound(): Promise<void> {
    expectNoFailures();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const { port, membership, messaging } = this.subject;
    const answer = await fetch(`http://127.0.0.1:${port}/status`, {
      method: 'POST',
    });
    const text = await answer.text();
    if (this.signed) expect(answer.status).toBe(401);
    else expect(JSON.parse(text)).toMatchObject({ id: membership.self.id });
    const [friend] = this.others;
    const { id } = friend!.membership.self;
    const body = { any: 'thing' };
    await until(
      async () => {
        const replies = await Promise.all([
          messaging.send(id, body),
          friend!.messaging.send(membership.self.id, body),
        ]);
        expect(replies).toEqual([{ echo: body }, { echo: body }]);
        return true;
      },
      { ...PATIENCE, interval: 50 },
    );
  }

  /** True once nobody is on any list but the real members and these. */
  async expectIntact(...more: string[]): Promise<void> {
    const real = this.peers.map(({ membership }) => membership.self.id);
    await until(
      () =>
        this.peers.every((peer) => {
          const list = listOf(peer).filter((id) => !more.includes(id));
          return list.join() === real.toSorted().join();
        }),
      { ...PATIENCE, what: () => JSON.stringify(this.peers.map(listOf)) },
    );
  }

  async close(): Promise<void> {
    await closePeers();
    unwatchFailures();
    expectNoFailures();
  }

  private get signed(): boolean {
    return this.subject.app.get(PeerSecurity, { strict: false }).signed;
  }
}

/** Whoever is named, nobody outside of the test is called. */
function stayAtHome(http: PeerHttpService, reachable: Set<number>): void {
  http.axiosRef.interceptors.request.use((config) => {
    const url = new URL(config.url!);
    if (url.hostname !== '127.0.0.1' || !reachable.has(Number(url.port))) {
      url.hostname = '127.0.0.1';
      url.port = String(CLOSED_PORT);
    }
    config.url = url.href;
    return config;
  });
}
