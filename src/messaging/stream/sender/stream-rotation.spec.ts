import {
  FakeStream,
  messageTo,
  streamMember,
} from '../../../../test/support/stream-fixture.js';
import { until } from '../../../../test/support/until.js';
import { BodyBudget } from '../../../security/index.js';
import type { JsonObject } from '../../../wire/json.js';
import type { MessageError } from '../../messaging.errors.js';
import { DeliveryQueue, Delivery } from './delivery.js';
import type { OpenSocket } from '../framing/index.js';
import { NoStreamPlaceError, StreamRefusedError } from './stream-dialer.js';
import { StreamRotation } from './stream-rotation.js';
import { resolveStreamOptions } from '../../messaging.options.js';

/** A rotation whose streams are given by hand: `asked` holds who was asked, and what becomes of it. */
function setUp(openTimeout = 2000) {
  const asked: {
    port: number;
    give: (stream: FakeStream) => void;
    refuse: (error: StreamRefusedError) => void;
  }[] = [];
  const refusals: StreamRefusedError[] = [];
  const place = { free: true, asked: 0 };
  const rotation = new StreamRotation(
    streamMember('a', 1),
    {
      options: resolveStreamOptions({ openTimeout }, 'stream'),
      maxBytes: 1000,
      maxDepth: 10,
      openAccount: () => new BodyBudget(1_000_000).open(),
      watchSilence: () => undefined,
      hasPlace: () => {
        place.asked++;
        return place.free;
      },
      open: ({ port }) =>
        new Promise<OpenSocket>((resolve, reject) =>
          asked.push({
            port,
            give: ({ opened }) => resolve(opened),
            refuse: reject,
          }),
        ),
    },
    {
      onChange: () => undefined,
      onRefused: (failure) => refusals.push(failure),
      onSign: () => undefined,
      onTooLarge: () => undefined,
    },
  );
  const outcomes: string[] = [];
  const waiting = new DeliveryQueue(1000);
  const send = (body: object) =>
    waiting.push(
      new Delivery(
        'a',
        messageTo('a', body),
        () => outcomes.push('replied'),
        (error) => outcomes.push((error as MessageError).code),
      ),
    );
  const open = async (greeting: object = {}) => {
    const stream = new FakeStream();
    asked.at(-1)!.give(stream);
    stream.greet(60_000, greeting);
    await until(() => stream.lines.length > 0);
    return stream;
  };
  const queue = { waiting, send, outcomes };
  return { rotation, asked, refusals, place, open, queue };
}

/** Sends a message over the stream that is open, and answers it. */
async function replyTo(
  rotation: StreamRotation,
  stream: FakeStream,
): Promise<void> {
  const queue = new DeliveryQueue(1000);
  const reply = new Promise((resolve, reject) =>
    queue.push(new Delivery('a', messageTo('a', {}), resolve, reject)),
  );
  rotation.fill(queue);
  await until(() => stream.lines.length === 2);
  const [, , id] = JSON.parse(stream.lines[1]!) as number[];
  stream.write(['r', id, 200, {}]);
  await reply;
}

describe('StreamRotation', () => {
  it('asks for the status on the stream that takes messages, until it breaks', async () => {
    const { rotation, open } = setUp();
    expect(rotation.ask({})).toBeUndefined();
    rotation.open();
    const stream = await open({ status: true });
    const bodies: JsonObject[] = [{}, { ext: {} }, {}];
    const [first, second, third] = bodies.map((body) => rotation.ask(body));
    await until(() => stream.lines.length === 4);
    expect(stream.lines.slice(1, 3)).toEqual([
      '["s",1,{}]',
      '["s",2,{"ext":{}}]',
    ]);
    stream.write(['s', 2, { id: 'a' }]);
    stream.write(['s', 1, { id: 'a', online: false }]);
    expect(await first).toEqual({ id: 'a', online: false });
    expect(await second).toEqual({ id: 'a' });
    stream.write(['s', 3]);
    expect(await third).toBeUndefined();
    expect(rotation.ask({})).toBeUndefined();
    rotation.end();
  });

  it('gives up the oldest question for one too many', async () => {
    const { rotation, open } = setUp();
    rotation.open();
    await open({ status: true });
    const [oldest, ...others] = Array.from({ length: 9 }, () =>
      rotation.ask({}),
    );
    expect(await oldest).toBeUndefined();
    rotation.destroy(new Error('over'));
    expect(
      new Set(await Promise.all(others.map(async (each) => each))),
    ).toEqual(new Set([undefined]));
  });

  it('does not ask a receiver of before', async () => {
    const { rotation, open } = setUp();
    rotation.open();
    await open();
    expect(rotation.ask({})).toBeUndefined();
    rotation.destroy(new Error('over'));
  });

  it('breaks a stream whose receiver says unasked that all of it is started', async () => {
    const { rotation, open } = setUp();
    for (let each = 0; each < 2; each++) {
      rotation.open();
      const stream = await open();
      stream.write(['e']);
      await until(() => !rotation.isOpen);
      expect(rotation.count).toBe(0);
    }
    rotation.end();
  });

  it('gives up a receiver that opens a stream and does not greet', async () => {
    const { rotation, asked, refusals } = setUp(20);
    rotation.open();
    asked[0]!.give(new FakeStream());
    await until(() => refusals.length === 1);
    expect(rotation.count).toBe(0);
    rotation.end();
  });

  it.each([true, false])(
    'gives up a receiver that ends each stream in order, unless it replied before: %s',
    async (replies) => {
      const { rotation, asked, open, refusals } = setUp();
      for (let each = 0; each < 3; each++) {
        rotation.open();
        const stream = await open();
        await until(() => rotation.isReady);
        if (replies) {
          await replyTo(rotation, stream);
        }
        // Says what nobody has asked, too.
        stream.write(['r', 1, 200, {}]);
        stream.write(['x']);
        await until(() => stream.isEnded);
        stream.finish();
        await until(() => rotation.count === 0);
      }
      rotation.open();
      expect(asked).toHaveLength(replies ? 4 : 3);
      expect(refusals).toHaveLength(replies ? 0 : 1);
      // After the pause that follows a refusal, it is tried again.
      rotation.open();
      expect(asked).toHaveLength(4);
      rotation.end();
    },
  );

  it('opens no more than four, whatever becomes of them', async () => {
    const { rotation, asked, open, refusals, place, queue } = setUp();
    for (let n = 0; n < 4; n++) {
      rotation.open();
      const stream = await open();
      queue.send({ n });
      rotation.fill(queue.waiting);
      rotation.retire();
      stream.write(['e']);
      await until(() => !queue.waiting.length);
      await new Promise(setImmediate);
    }
    expect(rotation.count).toBe(4);
    place.asked = 0;
    rotation.open();
    expect(asked).toHaveLength(4);
    // To ask for a place makes room for it, at the cost of another peer's stream.
    expect(place.asked).toBe(0);
    expect(refusals.at(-1)).toBeInstanceOf(NoStreamPlaceError);
    rotation.destroy(new Error('the test is over'));
  });

  it('uses no stream that was asked for before it retired', async () => {
    const { rotation, asked, open, refusals } = setUp();
    rotation.open();
    rotation.member = streamMember('a', 2);
    rotation.retire();
    rotation.open();
    expect(asked.map(({ port }) => port)).toEqual([1, 2]);
    const late = new FakeStream();
    asked[0]!.give(late);
    await open();
    expect(rotation.isReady).toBe(true);
    await until(() => rotation.count === 1);
    expect(late.lines).toEqual([]);
    expect(refusals).toEqual([]);
    rotation.end();
  });

  it('greets on no stream that it waited for when it retired', async () => {
    const { rotation, asked, open } = setUp();
    rotation.open();
    const late = new FakeStream();
    asked[0]!.give(late);
    await until(() => !rotation.isBusy);
    rotation.retire();
    expect(rotation.count).toBe(0);
    rotation.open();
    const stream = await open();
    late.greet();
    stream.write(0);
    await until(() => rotation.isReady);
    expect(late.lines).toEqual([]);
    expect(JSON.parse(stream.lines[0]!)).toMatchObject({ renews: false });
    expect(rotation.count).toBe(1);
    rotation.end();
  });

  it('opens none without a place', async () => {
    const { rotation, asked, open, place, refusals } = setUp();
    place.free = false;
    rotation.open();
    expect(asked).toEqual([]);
    expect(refusals.map(({ pause }) => pause)).toEqual([250]);
    place.free = true;
    rotation.open();
    expect(rotation.count).toBe(1);
    await open();
    expect(rotation.isReady).toBe(true);
    rotation.end();
  });

  it('writes to another stream only when the receiver has started all of the one before', async () => {
    const { rotation, asked, open, queue } = setUp();
    rotation.open();
    const first = await open();
    queue.send({ n: 1 });
    rotation.fill(queue.waiting);
    rotation.retire();
    rotation.open();
    const second = await open();
    queue.send({ n: 2 });
    rotation.fill(queue.waiting);
    expect([first.isEnded, second.lines.length]).toEqual([true, 1]);
    first.write(['e']);
    await until(() => {
      rotation.fill(queue.waiting);
      return second.lines.length === 2;
    });
    expect(asked).toHaveLength(2);
    rotation.destroy(new Error('the test is over'));
  });

  describe('with a peer that has fallen silent', () => {
    /** Sends a message on a stream, and lets time pass until it is suspect. */
    async function suspect() {
      const all = setUp();
      const { rotation, asked, open, queue } = all;
      rotation.open();
      const stream = await open();
      await until(() => rotation.isReady);
      stream.fallSilent();
      queue.send({ n: 1 });
      rotation.fill(queue.waiting);
      const sentAt = performance.now();
      expect(rotation.checkSilence(sentAt + 400)).toBe(true);
      expect(stream.lines).not.toContain('1');
      rotation.checkSilence(sentAt + 600);
      expect(stream.lines.at(-1)).toBe('1');
      expect([rotation.isReady, asked.length]).toEqual([true, 1]);
      rotation.checkSilence(sentAt + 1100);
      expect([rotation.isReady, asked.length]).toEqual([false, 2]);
      return { ...all, stream };
    }

    it('takes another stream, and holds messages back until it has greeted', async () => {
      const { rotation, open, queue, stream } = await suspect();
      queue.send({ n: 2 });
      rotation.fill(queue.waiting);
      const written = stream.lines.length;
      const other = await open();
      await until(() => rotation.isReady);
      rotation.fill(queue.waiting);
      await until(() => other.lines.length === 2);
      expect(JSON.parse(other.lines[0]!)).toMatchObject({ renews: false });
      expect(other.lines[1]).toContain('{"n":2}');
      expect(stream.lines).toHaveLength(written);
      expect(queue.outcomes).toEqual(['CONNECTION_LOST']);
      expect(rotation.count).toBe(1);
      rotation.destroy(new Error('the test is over'));
    });

    it('goes on with the old stream when that gives a sign of life in time', async () => {
      const { rotation, asked, queue, stream } = await suspect();
      const other = new FakeStream();
      asked[1]!.give(other);
      other.greet();
      stream.write(0);
      await until(() => rotation.isReady);
      queue.send({ n: 2 });
      rotation.fill(queue.waiting);
      expect(stream.lines.at(-1)).toContain('{"n":2}');
      await until(() => rotation.count === 1);
      expect(other.lines).toEqual([]);
      expect(queue.outcomes).toEqual([]);
      rotation.destroy(new Error('the test is over'));
    });

    it.each([
      ['nobody listens there', new StreamRefusedError(undefined, true), false],
      ['it takes no streams now', new StreamRefusedError(503, false), false],
      ['it does not answer', new StreamRefusedError(undefined, false), true],
    ])('gives the old stream up if %s: not %s', async (_, refusal, stays) => {
      const { rotation, asked, refusals, queue } = await suspect();
      asked[1]!.refuse(refusal);
      await until(() => !rotation.isOpen || stays);
      await new Promise(setImmediate);
      expect(rotation.isOpen).toBe(stays);
      expect(refusals).toEqual(stays ? [] : [refusal]);
      expect(queue.outcomes).toEqual(stays ? [] : ['CONNECTION_LOST']);
      rotation.destroy(new Error('the test is over'));
    });
  });
});
