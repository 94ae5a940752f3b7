import {
  FakeStream,
  messageTo,
  streamMember,
} from '../../../test/support/stream-fixture.js';
import { until } from '../../../test/support/until.js';
import { BodyBudget } from '../../security/body-budget.js';
import { DeliveryQueue } from './delivery-queue.js';
import { Delivery } from './delivery.js';
import type { OpenedStream } from './stream-opener.js';
import type { StreamRefusedError } from './stream-refused.error.js';
import { NoStreamPlaceError } from './no-stream-place.error.js';
import { StreamSuccession } from './stream-succession.js';
import { resolveStreamOptions } from './stream.options.js';

/** A succession whose streams are given by hand: `asked` holds who was asked, and what becomes of it. */
function setUp(openTimeout = 2000) {
  const asked: {
    port: number;
    give: (stream: FakeStream) => void;
    refuse: (error: StreamRefusedError) => void;
  }[] = [];
  const refusals: StreamRefusedError[] = [];
  const place = { free: true, asked: 0 };
  const succession = new StreamSuccession(
    streamMember('a', 1),
    {
      options: resolveStreamOptions(
        { maxLifetime: 100, openTimeout },
        'stream',
      ),
      maxBytes: 1000,
      maxDepth: 10,
      openAccount: () => new BodyBudget(1_000_000).open(),
      hasPlace: () => {
        place.asked++;
        return place.free;
      },
      open: ({ port }) =>
        new Promise<OpenedStream>((resolve, reject) =>
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
  const open = async () => {
    const stream = new FakeStream();
    asked.at(-1)!.give(stream);
    stream.greet();
    await until(() => stream.lines.length > 0);
    return stream;
  };
  return { succession, asked, refusals, place, open };
}

/** Sends a message over the stream that is open, and answers it. */
async function replyTo(
  succession: StreamSuccession,
  stream: FakeStream,
): Promise<void> {
  const queue = new DeliveryQueue(1000);
  const reply = new Promise((resolve, reject) =>
    queue.push(new Delivery('a', messageTo('a', {}), resolve, reject)),
  );
  succession.fill(queue);
  await until(() => stream.lines.length === 2);
  const [, , id] = JSON.parse(stream.lines[1]!) as number[];
  stream.write(['r', id, 200, {}]);
  await reply;
}

describe('StreamSuccession', () => {
  it('replaces a stream in time', async () => {
    const { succession, asked, open } = setUp();
    succession.open();
    const first = await open();
    await until(() => asked.length === 2);
    expect(first.isEnded).toBe(false);
    const second = await open();
    expect(first.isEnded).toBe(true);
    first.finish();
    await until(() => succession.count === 1);
    expect(succession.isReady).toBe(true);
    expect(second.isEnded).toBe(false);
    succession.end();
  });

  it('breaks a stream whose receiver says unasked that all of it is started', async () => {
    const { succession, open } = setUp();
    for (let each = 0; each < 2; each++) {
      succession.open();
      const stream = await open();
      stream.write(['e']);
      await until(() => !succession.isOpen);
      expect(succession.count).toBe(0);
    }
    succession.end();
  });

  it('does not wait for ever for a receiver to end a stream that is over', async () => {
    const { succession, asked, open } = setUp();
    succession.open();
    await open();
    await until(() => asked.length === 2);
    await open();
    expect(succession.count).toBe(2);
    // The receiver says neither that it has started everything, nor that it has ended.
    const now = performance.now();
    succession.beat(now, false);
    succession.beat(now + 29_000, false);
    expect(succession.count).toBe(2);
    // After a pause of this process its silence proves nothing.
    succession.beat(now + 90_000, true);
    expect(succession.count).toBe(2);
    succession.beat(now + 121_000, false);
    expect(succession.count).toBe(1);
    expect(succession.isReady).toBe(true);
    succession.end();
  });

  it('gives up a receiver that opens a stream and does not greet', async () => {
    const { succession, asked, refusals } = setUp(20);
    succession.open();
    asked[0]!.give(new FakeStream());
    await until(() => refusals.length === 1);
    expect(succession.count).toBe(0);
    succession.end();
  });

  it.each([true, false])(
    'gives up a receiver that ends each stream in order, unless it replied before: %s',
    async (replies) => {
      const { succession, asked, open, refusals } = setUp();
      for (let each = 0; each < 3; each++) {
        succession.open();
        const stream = await open();
        await until(() => succession.isReady);
        if (replies) {
          await replyTo(succession, stream);
        }
        // Says what nobody has asked, too.
        stream.write(['r', 1, 200, {}]);
        stream.write(['x']);
        await until(() => stream.isEnded);
        stream.finish();
        await until(() => succession.count === 0);
      }
      succession.open();
      expect(asked).toHaveLength(replies ? 4 : 3);
      expect(refusals).toHaveLength(replies ? 0 : 1);
      // After the pause that follows a refusal, it is tried again.
      succession.open();
      expect(asked).toHaveLength(4);
      succession.end();
    },
  );

  it('opens no more than four, whatever becomes of them', async () => {
    const { succession, asked, open, refusals, place } = setUp();
    for (let each = 0; each < 4; each++) {
      succession.open();
      await open();
      succession.retire();
    }
    expect(succession.count).toBe(4);
    place.asked = 0;
    succession.open();
    expect(asked).toHaveLength(4);
    // To ask for a place makes room for it, at the cost of another peer's stream.
    expect(place.asked).toBe(0);
    expect(refusals.at(-1)).toBeInstanceOf(NoStreamPlaceError);
    succession.end();
  });

  it('leaves no successor behind when it retires', async () => {
    const { succession, asked, open } = setUp();
    succession.open();
    const first = await open();
    await until(() => asked.length === 2);
    const second = await open();
    // The receiver has not said yet that it has started everything of the first.
    succession.retire();
    expect([first.isEnded, second.isEnded]).toEqual([true, true]);
    first.finish();
    second.finish();
    await until(() => succession.count === 0);
    expect(succession.isOpen).toBe(false);
  });

  it('uses no stream that was asked for before it retired', async () => {
    const { succession, asked, open, refusals } = setUp();
    succession.open();
    succession.member = streamMember('a', 2);
    succession.retire();
    succession.open();
    expect(asked.map(({ port }) => port)).toEqual([1, 2]);
    const late = new FakeStream();
    asked[0]!.give(late);
    await open();
    expect(succession.isReady).toBe(true);
    await until(() => succession.count === 1);
    expect(late.lines).toEqual([]);
    expect(refusals).toEqual([]);
    succession.end();
  });

  it('greets on no stream that it waited for when it retired', async () => {
    const { succession, asked, open } = setUp();
    succession.open();
    const late = new FakeStream();
    asked[0]!.give(late);
    await until(() => !succession.isBusy);
    succession.retire();
    expect(succession.count).toBe(0);
    succession.open();
    const stream = await open();
    late.greet();
    stream.write(0);
    await until(() => succession.isReady);
    expect(late.lines).toEqual([]);
    expect(JSON.parse(stream.lines[0]!)).toMatchObject({ renews: false });
    expect(succession.count).toBe(1);
    succession.end();
  });

  it('opens none without a place, but replaces those that it has', async () => {
    const { succession, asked, open, place, refusals } = setUp();
    place.free = false;
    succession.open();
    expect(asked).toEqual([]);
    expect(refusals.map(({ pause }) => pause)).toEqual([250]);
    place.free = true;
    succession.open();
    expect(succession.count).toBe(1);
    await open();
    place.free = false;
    await until(() => asked.length === 2);
    expect(succession.count).toBe(2);
    expect(refusals).toHaveLength(1);
    succession.end();
  });
});
