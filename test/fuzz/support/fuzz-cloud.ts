import { Injectable } from '@nestjs/common';
import {
  OnPeerMessage,
  PEER_HTTP_SERVICE,
  PeerSecurity,
  type PeerCloudOptions,
  type SecurityOptions,
} from '../../../src/index.js';
import type { PeerHttpService } from '../../../src/transport/http/peer-http.service.js';
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
import { makeSecurity, type CloudKind } from './fuzz-security.js';
import { MemoryWatch } from './memory-watch.js';

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
  readonly #reachable: Set<number>;

  private constructor(
    readonly subject: PeerApp,
    readonly others: readonly PeerApp[],
    reachable: Set<number>,
    /** The option `security` of each of them, and of one more that has not been started. */
    readonly security: readonly (SecurityOptions | undefined)[],
  ) {
    this.#reachable = reachable;
  }

  /** @param members how many besides the peer under attack */
  static async start(
    kind: CloudKind,
    members: number,
    options: PeerCloudOptions = {},
  ): Promise<FuzzCloud> {
    watchFailures();
    const security = makeSecurity(kind, members + 2);
    const setup = (index: number, more: PeerCloudOptions) => ({
      providers: [Echo],
      options: {
        security: security[index],
        limits: { joinsPerMinute: 1_000_000, joinsPerMinutePerAddress: 1e6 },
        addresses: { deny: ['10.0.0.0/8', '172.16.0.0/12', 'fc00::/7'] },
        ...more,
      },
    });
    const subject = await startPeer(setup(0, options));
    const others = await Promise.all(
      Array.from({ length: members }, (_, index) =>
        startPeer(setup(index + 1, { peers: [subject.address] })),
      ),
    );
    const peers = [subject, ...others];
    const reachable = new Set(peers.map(({ port }) => port));
    for (const { app } of peers) {
      stayAtHome(app.get(PEER_HTTP_SERVICE, { strict: false }), reachable);
    }
    await until(() => agree(peers), PATIENCE);
    return new FuzzCloud(subject, others, reachable, security);
  }

  get peers(): readonly PeerApp[] {
    return [this.subject, ...this.others];
  }

  /** Lets the peers call a port that is none of theirs. */
  allow(port: number): void {
    this.#reachable.add(port);
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
    if (this.#signed) {
      expect(answer.status).toBe(401);
    } else {
      expect(JSON.parse(text)).toMatchObject({ id: membership.self.id });
    }
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

  get #signed(): boolean {
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
