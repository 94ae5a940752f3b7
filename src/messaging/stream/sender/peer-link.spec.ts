import { AsyncLocalStorage } from 'node:async_hooks';
import {
  BriefRefusal,
  FakeStream,
  messageTo,
  streamMember,
} from '../../../../test/support/stream-fixture.js';
import { until } from '../../../../test/support/until.js';
import type { Member } from '../../../membership/index.js';
import { BodyBudget } from '../../../security/index.js';
import type { MessageError } from '../../messaging.errors.js';
import { PeerLink } from './peer-link.js';
import type { OpenSocket } from '../framing/index.js';
import { StreamRefusedError } from './stream-dialer.js';
import { resolveStreamOptions } from '../../messaging.options.js';

/** Room for replies that are still coming in. */
const replies = new BodyBudget(20_000);

function linkBy(
  open: () => Promise<OpenSocket>,
  sendOtherwise = vi.fn(() => Promise.resolve({})),
  onRefused: (member: Member, reason: string) => void = () => undefined,
  isOut = () => false,
): PeerLink {
  return new PeerLink(streamMember(), {
    options: resolveStreamOptions(
      { maxQueuedBytes: 1024, heartbeatInterval: 50 },
      'stream',
    ),
    maxBytes: 1_000_000,
    maxDepth: 10,
    maxFallback: 2,
    maxWaiting: 3,
    openAccount: () => replies.open(),
    hasPlace: () => true,
    open,
    sendOtherwise,
    watch: () => undefined,
    watchSilence: () => undefined,
    noteAlive: () => undefined,
    keepsOpen: () => false,
    isOut,
    onRefused,
  });
}

/** A link whose stream is open; nobody answers over it. */
async function setUp() {
  const stream = new FakeStream();
  const sendOtherwise = vi.fn();
  const link = linkBy(() => Promise.resolve(stream.opened), sendOtherwise);
  const outcomes: string[] = [];
  const send = (body: object) => {
    link.send(messageTo('a', body)).then(
      () => outcomes.push('replied'),
      ({ code }: MessageError) => outcomes.push(code),
    );
  };
  send({ n: 0 });
  stream.greet(50);
  await until(() => stream.lines.length === 2);
  return { stream, link, send, outcomes, sendOtherwise };
}

describe('PeerLink', () => {
  it('holds back what the socket does not take, and says so at the deadline', async () => {
    const { stream, link, send, outcomes, sendOtherwise } = await setUp();
    stream.stopReading();
    const text = 'x'.repeat(100_000);
    // More than the socket may have; then more than may wait as text.
    for (let n = 1; n <= 6; n++) {
      send({ n, text });
    }
    const late = { n: 7, text: 'as it was' };
    send(late);
    await until(() => link.isBusy);
    late.text = 'as it is when its turn comes';
    stream.readOn();
    await until(() => stream.lines.join().includes('"n":7'));
    expect(stream.lines.join()).toContain('as it is when its turn comes');
    stream.stopReading();
    for (let n = 8; n <= 14; n++) {
      send({ n, text });
    }
    await until(() => !stream.lines.join().includes('"n":14'));
    link.expire(performance.now() + 60_001);
    await until(() => outcomes.length === 15);
    // What was given to the socket may have been handled.
    expect(new Set(outcomes)).toEqual(new Set(['TIMEOUT', 'OVERLOADED']));
    expect(outcomes.slice(0, 8)).toEqual(Array(8).fill('TIMEOUT'));
    expect(outcomes.at(-1)).toBe('OVERLOADED');
    expect(sendOtherwise).not.toHaveBeenCalled();
    link.destroy(new Error('the test is over'));
  });

  it.each([
    [1, [1]],
    [40, [32, 8]],
    [200, [32, 33, 66, 69]],
    [400, [32, 33, 66, 128, 128, 13]],
  ])(
    'writes %i messages of one turn in groups of as many as are under way',
    async (count, groups) => {
      // Another message is under way.
      const { stream, link, send } = await setUp();
      for (let n = 1; n <= count; n++) {
        send({ n });
      }
      await until(() => stream.lines.join().includes(`"n":${count}}`));
      const sizes = stream.lines
        .slice(2)
        .map((line) => ((JSON.parse(line) as unknown[]).length - 2) / 3);
      expect(sizes).toEqual(groups);
      link.destroy(new Error('the test is over'));
    },
  );

  it('is over when its peer goes, even if no stream could be opened', async () => {
    const link = linkBy(() =>
      Promise.reject(new StreamRefusedError(404, false)),
    );
    link.send(messageTo('a', {})).catch(() => undefined);
    await until(() => link.isRefused);
    expect(link.isOver).toBe(false);
    link.end();
    expect(link.isOver).toBe(true);
  });

  it('says which way messages take, since when and why, and warns once of a refusal that stays', async () => {
    const onRefused = vi.fn();
    const stream = new FakeStream();
    stream.greet();
    const answers: (() => Promise<OpenSocket>)[] = [
      () => Promise.reject(new BriefRefusal(503, false)),
      () => Promise.reject(new BriefRefusal(503, false)),
      () => Promise.reject(new BriefRefusal(503, false)),
      () => Promise.resolve(stream.opened),
    ];
    const open = vi.fn(() => answers.shift()!());
    const link = linkBy(open, undefined, onRefused);
    const isAsked = async (times: number) => {
      await until(() => {
        link.send(messageTo('a', {})).catch(() => undefined);
        return open.mock.calls.length >= times;
      });
      await new Promise(setImmediate);
    };
    expect(link.lane).toBeUndefined();
    await link.send(messageTo('a', {}));
    expect(link.lane).toEqual({
      kind: 'message',
      since: expect.any(Date) as Date,
      reason: 'GET /stream was answered with 503',
    });
    const { since } = link.lane!;
    expect(onRefused).not.toHaveBeenCalled();
    await isAsked(3);
    expect(onRefused).toHaveBeenCalledTimes(1);
    expect(link.lane!.since).toBe(since);
    await isAsked(4);
    await until(() => link.lane!.kind === 'stream');
    expect(link.lane).toEqual({
      kind: 'stream',
      since: expect.any(Date) as Date,
    });
    link.destroy(new Error('the test is over'));
  });

  it.each([
    ['refused as to a stranger', 403, 1],
    ['refused otherwise', 503, 2],
  ])(
    'opens no stream that is %s (%i) again while this peer is out',
    async (_case, status, openings) => {
      let isOut = true;
      const open = vi.fn(() => Promise.reject(new BriefRefusal(status, false)));
      const link = linkBy(open, undefined, undefined, () => isOut);
      const send = () => link.send(messageTo('a', {}));
      await send();
      const refusedAt = performance.now();
      await until(() => performance.now() > refusedAt + 1);
      await send();
      expect(open).toHaveBeenCalledTimes(openings);
      isOut = false;
      await until(() => {
        void send();
        return open.mock.calls.length > openings;
      });
    },
  );

  it('counts as used from when a stream was opened after all', async () => {
    const stream = new FakeStream();
    let refuses = true;
    const link = linkBy(() =>
      refuses
        ? Promise.reject(new BriefRefusal(404, false))
        : Promise.resolve(stream.opened),
    );
    await link.send(messageTo('a', {}));
    expect(link.isRefused).toBe(true);
    link.usedAt = 0;
    refuses = false;
    stream.greet();
    await until(() => {
      if (link.isRefused) {
        void link.send(messageTo('a', {}));
      }
      return !link.isRefused;
    });
    expect(link.isResting).toBe(true);
    expect(link.usedAt).toBeGreaterThan(0);
    link.destroy(new Error('the test is over'));
  });

  it('sends a bounded number otherwise, and lets the others wait until their deadline', async () => {
    const replied: (() => void)[] = [];
    const otherwise = vi.fn(
      () => new Promise<object>((resolve) => replied.push(() => resolve({}))),
    );
    const link = linkBy(
      () => Promise.reject(new StreamRefusedError(404, false)),
      otherwise,
    );
    const outcomes: string[] = [];
    const send = () =>
      link.send(messageTo('a', {})).then(
        () => outcomes.push('replied'),
        ({ code }: MessageError) => outcomes.push(code),
      );
    for (let n = 0; n < 4; n++) {
      void send();
    }
    await until(() => link.isRefused);
    expect(otherwise).toHaveBeenCalledTimes(2);
    void send();
    expect(otherwise).toHaveBeenCalledTimes(2);
    // More may not wait.
    void send();
    await until(() => outcomes.join() === 'OVERLOADED');
    outcomes.length = 0;
    replied[0]!();
    await until(() => otherwise.mock.calls.length === 3);
    link.expire(performance.now() + 60_001);
    await until(() => outcomes.length === 3);
    expect(outcomes.sort()).toEqual(['OVERLOADED', 'OVERLOADED', 'replied']);
    replied[1]!();
    replied[2]!();
    await until(() => outcomes.length === 5);
    // With room, and nobody waiting, it goes in the sender's own turn.
    void send();
    expect(otherwise).toHaveBeenCalledTimes(4);
    link.end();
  });

  it('takes back what waits for a detour once a stream opens', async () => {
    const stream = new FakeStream();
    stream.greet();
    let refuses = true;
    const link = linkBy(
      () =>
        refuses
          ? Promise.reject(new BriefRefusal(404, false))
          : Promise.resolve(stream.opened),
      vi.fn(() => new Promise<object>(() => undefined)),
    );
    for (let n = 0; n < 3; n++) {
      link.send(messageTo('a', { n })).catch(() => undefined);
    }
    await until(() => link.isRefused);
    refuses = false;
    await until(() => {
      link.expire(performance.now());
      return stream.lines.join().includes('{"n":2}');
    });
    link.destroy(new Error('the test is over'));
  });

  it('sends otherwise in the context of each sender', async () => {
    const tenant = new AsyncLocalStorage<string>();
    const tenants: (string | undefined)[] = [];
    const link = linkBy(
      () => Promise.reject(new StreamRefusedError(404, false)),
      vi.fn(async () => {
        tenants.push(tenant.getStore());
        await new Promise(setImmediate);
        return {};
      }),
    );
    const sendAs = (name: string) =>
      tenant.run(name, () => link.send(messageTo('a', {})));
    await Promise.all(['a', 'b', 'c'].map(sendAs));
    await Promise.all(['d', 'e', 'f', 'g'].map(sendAs));
    expect(tenants).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    link.end();
  });

  it.each([
    ['half a reply', '["r",5,200]\n'],
    ['a line for which there is no room', 'x'.repeat(40_000)],
  ])('is broken by %s', async (_, text) => {
    const { stream, link, outcomes } = await setUp();
    stream.writeText(text);
    await until(() => outcomes.join() === 'CONNECTION_LOST');
    expect(link.streamCount).toBe(0);
  });

  it('reads the signs that wait in the socket before it misses any', async () => {
    const { stream, link } = await setUp();
    const start = performance.now();
    const clock = vi.spyOn(performance, 'now');
    try {
      clock.mockReturnValue(start + 1000);
      stream.write(0);
      link.beat(start + 1000, false);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(link.streamCount).toBe(1);
      clock.mockReturnValue(start + 2000);
      link.beat(start + 2000, false);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(link.streamCount).toBe(0);
    } finally {
      clock.mockRestore();
    }
  });

  it('says of what has waited for a peer that is silent that it was not sent', async () => {
    const stream = new FakeStream();
    stream.greet();
    const open = vi
      .fn<() => Promise<OpenSocket>>()
      .mockResolvedValueOnce(stream.opened)
      .mockReturnValue(new Promise(() => undefined));
    const link = linkBy(open);
    const outcomes: string[] = [];
    const send = (n: number) =>
      link
        .send(messageTo('a', { n }))
        .catch(({ code }: MessageError) => outcomes.push(`${n} ${code}`));
    void send(1);
    await until(() => stream.lines.length === 2);
    stream.fallSilent();
    const sentAt = performance.now();
    link.checkSilence(sentAt + 600);
    link.checkSilence(sentAt + 1100);
    expect(open).toHaveBeenCalledTimes(2);
    void send(2);
    await new Promise(setImmediate);
    expect(stream.lines.join()).not.toContain('"n":2');
    link.expire(performance.now() + 60_001);
    await until(() => outcomes.length === 2);
    expect(outcomes).toEqual(['1 TIMEOUT', '2 UNREACHABLE']);
    link.destroy(new Error('the test is over'));
  });

  it('gives up a receiver that falls silent', async () => {
    const { stream, link, outcomes } = await setUp();
    const now = performance.now();
    link.beat(now + 100, false);
    expect(link.streamCount).toBe(1);
    // After a pause of this process its silence proves nothing.
    link.beat(now + 1000, true);
    expect(link.streamCount).toBe(1);
    link.beat(now + 1151, false);
    await until(() => outcomes.join() === 'CONNECTION_LOST');
    expect(link.streamCount).toBe(0);
    expect(stream.lines.at(-1)).toBe('0');
  });
});
