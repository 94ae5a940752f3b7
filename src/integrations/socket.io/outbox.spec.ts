import { Logger } from '@nestjs/common';
import {
  BadStatusError,
  ConnectionLostError,
  UnreachableError,
  type PeerChannel,
} from '../../index.js';
import { until } from '../../../test/support/until.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';

interface Said {
  hello?: number;
  n: number;
  session: string;
  from: number;
  text?: string;
  skip?: boolean;
}

/** One peer behind a channel, which fails as often as it is told to. */
class FakePeer {
  readonly delivered: string[] = [];
  readonly logged: string[] = [];
  readonly gone: string[] = [];
  readonly replies: unknown[] = [];
  /** What becomes of the next messages, hellos apart. */
  failures: (Error | 'lost reply' | undefined)[] = [];
  helloFailures: Error[] = [];
  hello: object | undefined;
  inbox: Inbox | undefined;

  readonly outbox = new Outbox(
    {
      send: (_peer: string, body: unknown) => this.#receive(body as Said),
      broadcast: (body: unknown, { to }: { to: (peer: object) => boolean }) =>
        this.#broadcast(body as Said, to),
    } as unknown as PeerChannel,
    {
      onReply: (n, peer, reply) => this.replies.push([n, peer, reply]),
      onGone: (peer) => this.gone.push(peer),
    },
    {
      log: (line: string) => this.logged.push(line),
      warn: (line: string) => this.logged.push(line),
      error: (line: string) => this.logged.push(line),
    } as unknown as Logger,
  );

  say(text: string, asks = false): number | undefined {
    return this.outbox.publish('/', { text }, asks);
  }

  async *#broadcast(body: Said, to: (peer: object) => boolean) {
    const peer = { id: 'b' };
    if (to(peer)) {
      // What is sent is sent at once.
      const receiving = this.#receive(body);
      const settled = await receiving.then(
        (value) => ({ value }),
        (error: Error) => ({ error }),
      );
      yield { peer, ...settled };
    }
  }

  async #receive(body: Said): Promise<unknown> {
    if (body.hello !== undefined) {
      const failure = this.helloFailures.shift();
      if (failure) {
        throw failure;
      }
      if (this.inbox?.session !== body.session) {
        this.inbox = new Inbox(body.session, body.from);
      }
      this.inbox.skipTo(body.from);
      return this.hello ?? { hello: 1, next: this.inbox.next };
    }
    const failure = this.failures.shift();
    if (failure instanceof Error) {
      throw failure;
    }
    if (this.inbox?.session !== body.session) {
      return { again: true };
    }
    this.inbox.take(body.n, () => {
      if (body.text !== undefined) {
        this.delivered.push(body.text);
      }
    });
    if (failure) {
      throw new ConnectionLostError('b');
    }
    return body.skip ? {} : { of: 1, values: [body.text!] };
  }
}

async function meet(): Promise<FakePeer> {
  const peer = new FakePeer();
  peer.outbox.add('b');
  await until(() => peer.inbox !== undefined);
  await Promise.resolve();
  return peer;
}

const lost = () => new ConnectionLostError('b');
const nobody = () => new UnreachableError('b');

describe('Outbox', () => {
  it('sends nothing where there is nobody', () => {
    expect(new FakePeer().say('a')).toBeUndefined();
  });

  it('keeps what is said before the peer has greeted', async () => {
    const peer = new FakePeer();
    peer.outbox.add('b');
    peer.say('a');
    peer.say('b');
    await until(() => peer.delivered.length === 2);
    expect(peer.delivered).toEqual(['a', 'b']);
  });

  it('delivers once and in order what was lost on the way, and what only seemed so', async () => {
    const peer = await meet();
    peer.failures = [undefined, lost(), undefined, 'lost reply', nobody()];
    for (const text of 'abcdefg') {
      peer.say(text);
    }
    await until(() => peer.delivered.length === 7);
    expect(peer.delivered.join('')).toBe('abcdefg');
    expect(peer.logged).toEqual([]);
  });

  it('goes on where the peer has forgotten it', async () => {
    const peer = await meet();
    peer.say('a');
    await until(() => peer.delivered.length === 1);
    peer.inbox = undefined;
    peer.say('b');
    peer.say('c');
    await until(() => peer.delivered.length === 3);
    expect(peer.delivered).toEqual(['a', 'b', 'c']);
  });

  it('goes round a message that the peer refuses', async () => {
    const peer = await meet();
    peer.failures = [undefined, new BadStatusError('b', 413, undefined)];
    peer.say('a');
    const asked = peer.say('too large', true);
    peer.say('c');
    await until(() => peer.delivered.length === 2);
    expect(peer.delivered).toEqual(['a', 'c']);
    expect(peer.replies).toEqual([[asked, 'b', { of: 0 }]]);
    expect(peer.logged).toHaveLength(1);
    expect(peer.logged[0]).toContain('did not go to peer b');
  });

  it('asks again where a reply was lost', async () => {
    const peer = await meet();
    peer.failures = ['lost reply'];
    const n = peer.say('a', true);
    await until(() => peer.replies.length === 1);
    expect(peer.replies).toEqual([[n, 'b', { of: 1, values: ['a'] }]]);
    expect(peer.delivered).toEqual(['a']);
  });

  it('says at once that nobody listens, and delivers when somebody does', async () => {
    const peer = await meet();
    peer.failures = [lost()];
    peer.helloFailures = [nobody(), nobody()];
    peer.say('a', true);
    await until(() => peer.gone.length > 0);
    expect(peer.outbox.isLost('b')).toBe(true);
    expect(peer.delivered).toEqual([]);
    await until(() => peer.delivered.length === 1);
    expect(peer.outbox.isLost('b')).toBe(false);
    expect(peer.gone).toEqual(['b']);
  });

  it('leaves a peer of another version alone, and says so once', async () => {
    const peer = new FakePeer();
    peer.hello = { hello: 2, whatever: true };
    peer.outbox.add('b');
    await until(() => peer.logged.length > 0);
    peer.say('a');
    expect(peer.outbox.peers).toEqual([]);
    expect(peer.logged[0]).toContain('version 2');
    // It is another program now.
    peer.hello = undefined;
    peer.outbox.met('b');
    peer.say('b');
    await until(() => peer.delivered.length === 1);
    expect(peer.delivered).toEqual(['b']);
  });

  it('sends nothing to who has left', async () => {
    const peer = await meet();
    peer.outbox.remove('b');
    expect(peer.say('a')).toBeUndefined();
    expect(peer.gone).toEqual(['b']);
  });
});
