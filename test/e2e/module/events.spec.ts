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
import { agree, closePeers, startPeer } from './support/peer-app.js';

afterEach(closePeers);

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
    const first = await startPeer({ providers: [Messages] });
    const second = await startPeer({
      providers: [Messages],
      options: { peers: [first.address] },
    });
    await until(() => agree([first, second]));
    const [peer] = first.membership.peers();
    const body = { n: 1 };
    await expect(peer!.send(body)).rejects.toMatchObject({ status: 400 });
    expect(first.app.get(Messages).heard).toEqual([
      { type: 'message.sent', peer, body },
      { type: 'message.failed', peer, body, error: expect.any(BadStatusError) },
    ]);
    expect(second.app.get(Messages).heard).toEqual([
      { type: 'message.received', peer: second.membership.peers()[0], body },
    ]);
  });

  it('hears everything, once and in order', async () => {
    const first = await startPeer({ providers: [Listeners] });
    const second = await startPeer({
      options: { peers: [first.address], id: 'second' },
    });
    await until(() => agree([first, second]));
    await second.close();
    const { heard } = first.app.get(Listeners);
    await until(() => heard.length >= 4);
    expect(heard.toSorted()).toEqual([
      'cloud.joined',
      'cloud.left',
      'joined second',
      'second left',
    ]);
    expect(heard.indexOf('joined second')).toBeLessThan(
      heard.indexOf('second left'),
    );
    expect(heard.indexOf('cloud.joined')).toBeLessThan(
      heard.indexOf('cloud.left'),
    );
  });

  it('works in controllers, and what handlers throw ends there', async () => {
    const first = await startPeer({
      controllers: [Listening],
      providers: [Faulty],
    });
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    await until(() => first.app.get(Listening).joined === 1);
    expect(first.app.get(Faulty).calls).toBe(2);
  });

  it('has no use for a provider of each request, and says so by name', async () => {
    const logger = new LogLines();
    const first = await startPeer({
      controllers: [Listening],
      providers: [PerRequest],
      logger,
    });
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/^PerRequest\.never never gets its events/),
    ]);
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
    await until(() => first.app.get(Listening).joined === 1);
    expect(PerRequest.calls).toBe(0);
  });

  it('counts an alias of a provider once', async () => {
    const alias = { provide: 'ALIAS', useExisting: Listeners };
    const first = await startPeer({ providers: [Listeners, alias] });
    const second = await startPeer({
      options: { peers: [first.address], id: 'second' },
    });
    await until(() => agree([first, second]));
    const { heard } = first.app.get(Listeners);
    await until(() => heard.includes('joined second'));
    expect(heard.filter((each) => each === 'joined second')).toHaveLength(1);
  });
});

describe('events$', () => {
  it('has the same Peer object as peers(), before and after', async () => {
    const first = await startPeer();
    const second = await startPeer({ options: { peers: [first.address] } });
    await until(() => agree([first, second]));
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
      code: 'NO_SUCH_PEER',
    });
  });

  it('says what the data was before an update', async () => {
    const first = await startPeer();
    const second = await startPeer({
      options: { peers: [first.address], data: { version: 1 } },
    });
    await until(() => agree([first, second]));
    await second.membership.update({ version: 2 });
    const updates = () =>
      first.events.filter((event) => event.type === 'peer.updated');
    await until(() => updates().length > 0);
    expect(updates().at(-1)).toMatchObject({
      previous: { data: { version: 1 } },
    });
  });

  it('completes at shutdown', async () => {
    const peer = await startPeer();
    let completed = false;
    peer.membership.events$.subscribe({
      complete: () => (completed = true),
    });
    await peer.close();
    expect(completed).toBe(true);
  });
});
