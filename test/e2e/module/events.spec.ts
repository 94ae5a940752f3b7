import {
  BadRequestException,
  Controller,
  Injectable,
  Scope,
} from '@nestjs/common';
import {
  BadStatusError,
  OnPeerEvent,
  OnPeerMessage,
  type PeerCloudEvent,
  type PeerEvent,
  type PeerJoinedEvent,
  type PeerLeftEvent,
} from '../../../src/index.js';
import { until } from '../../support/until.js';
import { LogLines } from '../protocol/support/log-lines.js';
import {
  addReplica,
  closeReplicas,
  startReplicas,
  type ReplicaSetup,
  type TestReplica,
} from '../../support/replicas.js';

afterEach(closeReplicas);

/** Starts the only app so far. */
async function startOne(setup: ReplicaSetup = {}): Promise<TestReplica> {
  const [replica] = await startReplicas(1, setup);
  return replica!;
}

@Injectable()
class Listeners {
  readonly heard: string[] = [];

  @OnPeerEvent('peer.joined')
  joined({ peer }: PeerJoinedEvent): void {
    this.heard.push(`joined ${peer.id}`);
  }

  @OnPeerEvent('peer.left')
  async left({ peer, reason }: PeerLeftEvent): Promise<void> {
    await Promise.resolve();
    this.heard.push(`${peer.id} ${reason}`);
  }

  @OnPeerEvent('cloud.joined')
  @OnPeerEvent('cloud.left')
  cloud({ type }: PeerCloudEvent): void {
    this.heard.push(type);
  }
}

@Injectable()
class Faulty {
  calls = 0;

  @OnPeerEvent('peer.joined')
  throws(): never {
    this.calls++;
    throw new Error('thrown by a handler');
  }

  @OnPeerEvent('peer.joined')
  async rejects(): Promise<never> {
    this.calls++;
    return Promise.reject(new Error('rejected by a handler'));
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  static calls = 0;

  @OnPeerEvent('peer.joined')
  never(): void {
    PerRequest.calls++;
  }
}

@Controller()
class Listening {
  joined = 0;

  @OnPeerEvent('peer.joined')
  count(): void {
    this.joined++;
  }
}

@Injectable()
class Messages {
  readonly heard: PeerEvent[] = [];

  @OnPeerEvent('message.sent')
  @OnPeerEvent('message.received')
  @OnPeerEvent('message.failed')
  note(event: PeerEvent): void {
    this.heard.push(event);
  }

  @OnPeerMessage()
  refuse(): never {
    throw new BadRequestException();
  }
}

describe('@OnPeerEvent()', () => {
  it('hears of the messages of its own peer, and of no other in the process', async () => {
    const first = await startOne({ providers: [Messages] });
    const second = await addReplica({ providers: [Messages] });
    const [peer] = first.membership.peers();
    const body = { n: 1 };
    await expect(peer!.send(body)).rejects.toMatchObject({ status: 400 });
    expect(first.get(Messages).heard).toEqual([
      { type: 'message.sent', peer, body },
      { type: 'message.failed', peer, body, error: expect.any(BadStatusError) },
    ]);
    expect(second.get(Messages).heard).toEqual([
      { type: 'message.received', peer: second.membership.peers()[0], body },
    ]);
  });

  it('hears everything, once and in order', async () => {
    const first = await startOne({ providers: [Listeners] });
    const second = await addReplica();
    await second.close();
    const { heard } = first.get(Listeners);
    await until(() => heard.length >= 4);
    expect(new Set(heard)).toEqual(
      new Set([
        'cloud.joined',
        'cloud.left',
        `joined ${second.id}`,
        `${second.id} left`,
      ]),
    );
    expect(heard).toHaveLength(4);
    expect(heard.indexOf(`joined ${second.id}`)).toBeLessThan(
      heard.indexOf(`${second.id} left`),
    );
    expect(heard.indexOf('cloud.joined')).toBeLessThan(
      heard.indexOf('cloud.left'),
    );
  });

  it('works in controllers, and what handlers throw ends there', async () => {
    const first = await startOne({
      controllers: [Listening],
      providers: [Faulty],
    });
    await addReplica();
    await until(() => first.get(Listening).joined === 1);
    expect(first.get(Faulty).calls).toBe(2);
  });

  it('has no use for a provider of each request, and says so by name', async () => {
    const logger = new LogLines();
    const first = await startOne({
      controllers: [Listening],
      providers: [PerRequest],
      logger,
    });
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/^PerRequest\.never never gets its events/),
    ]);
    await addReplica();
    await until(() => first.get(Listening).joined === 1);
    expect(PerRequest.calls).toBe(0);
  });

  it('counts an alias of a provider once', async () => {
    const alias = { provide: 'ALIAS', useExisting: Listeners };
    const first = await startOne({ providers: [Listeners, alias] });
    const second = await addReplica();
    const { heard } = first.get(Listeners);
    await until(() => heard.includes(`joined ${second.id}`));
    expect(heard.filter((each) => each === `joined ${second.id}`)).toHaveLength(
      1,
    );
  });
});

describe('events$', () => {
  it('has the same Peer object as peers(), before and after', async () => {
    const first = await startOne();
    const second = await addReplica();
    const [peer] = first.membership.peers();
    const { id, port } = second.membership.self;
    await second.membership.update({ version: 2 });
    await until(() => peer!.data.version === 2);
    await second.close();
    await until(() => first.events.some(({ type }) => type === 'peer.left'));
    for (const event of first.events) {
      if ('peer' in event) {
        expect(event.peer).toBe(peer);
      }
    }
    expect({ ...peer!.toJSON(), ip: undefined }).toMatchObject({
      id,
      port,
      data: { version: 2 },
    });
    await expect(peer!.send({})).rejects.toMatchObject({
      code: 'PEER_LEFT',
    });
  });

  it('says what the data was before an update', async () => {
    const first = await startOne({ peerCloud: { data: { version: 1 } } });
    const second = await addReplica();
    await second.membership.update({ version: 2 });
    const updates = () =>
      first.events.filter((event) => event.type === 'peer.updated');
    await until(() => updates().length > 0);
    expect(updates().at(-1)).toMatchObject({
      previous: { data: { version: 1 } },
    });
  });

  it('completes at shutdown', async () => {
    const peer = await startOne();
    let completed = false;
    peer.membership.events$.subscribe({
      complete: () => (completed = true),
    });
    await peer.close();
    expect(completed).toBe(true);
  });
});
