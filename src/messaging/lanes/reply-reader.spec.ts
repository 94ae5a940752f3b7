import type { JsonValue } from '../../wire/json.js';
import { ReplyReader } from './reply-reader.js';

const BIG = 100_000;

describe('ReplyReader', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function setUp(signal?: AbortSignal) {
    const sent = vi.fn<(reader: ReplyReader) => void>();
    let end!: (last?: JsonValue) => void;
    let fail!: (error: Error) => void;
    const last = new Promise<JsonValue | undefined>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    const reader = new ReplyReader({
      peerId: 'a',
      timeout: 100,
      signal,
      send: (by) => {
        sent(by);
        return last;
      },
    });
    return { reader, sent, end, fail };
  }

  it('gives each reply once, the last of them with the end', async () => {
    const { reader, sent, end } = setUp();
    expect(sent).not.toHaveBeenCalled();
    const [first, second] = [reader.next(), reader.next()];
    expect(sent).toHaveBeenCalledExactlyOnceWith(reader);
    reader.push(1, 10);
    reader.push(2, 10);
    end(3);
    expect(await Promise.all([first, second])).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
    expect(await reader.next()).toEqual({ done: false, value: 3 });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('asks for more as it reads, and takes no more than it has asked for', async () => {
    const { reader } = setUp();
    const granted: number[] = [];
    reader.grant = (chars) => granted.push(chars);
    const first = reader.next();
    const pushes = [1, 2, 3, 4].map((n) => reader.push(n, BIG));
    expect(pushes).toEqual([true, true, true, false]);
    await first;
    expect(granted).toEqual([]);
    await reader.next();
    expect(granted).toEqual([2 * BIG]);
    expect(reader.push(4, BIG)).toBe(true);
  });

  it('fails after the replies that came before', async () => {
    const { reader, fail } = setUp();
    const first = reader.next();
    reader.push(1, 10);
    reader.push(2, 10);
    fail(new Error('lost'));
    expect((await first).value).toBe(1);
    expect((await reader.next()).value).toBe(2);
    await expect(reader.next()).rejects.toThrow('lost');
    expect((await reader.next()).done).toBe(true);
  });

  it('waits so long for each further reply, but not while it is not asked for one', async () => {
    const { reader } = setUp();
    const first = reader.next();
    vi.advanceTimersByTime(1000);
    reader.push(1, 10);
    await first;
    await vi.advanceTimersByTimeAsync(1000);
    const second = reader.next();
    vi.advanceTimersByTime(90);
    reader.push(2, 10);
    expect((await second).value).toBe(2);
    const third = reader.next();
    const failed = expect(third).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.advanceTimersByTimeAsync(100);
    await failed;
    expect(reader.signal.aborted).toBe(true);
  });

  it('ends at once when nobody reads any more, and by the signal', async () => {
    const controller = new AbortController();
    for (const leave of [
      ({ reader }: ReturnType<typeof setUp>) => reader.return(),
      () => controller.abort('enough'),
    ]) {
      const all = setUp(controller.signal);
      const { reader } = all;
      const waiting = [reader.next(), reader.next()];
      reader.push(1, 10);
      await waiting[0];
      reader.push(2, 10);
      await waiting[1];
      reader.push(3, 10);
      const outcome = (leave(all), reader.next());
      await (controller.signal.aborted
        ? expect(outcome).rejects.toMatchObject({
            code: 'ABORTED',
            cause: 'enough',
          })
        : expect(outcome).resolves.toMatchObject({ done: true }));
      expect(reader.signal.aborted).toBe(true);
      expect(reader.hasLeft).toBe(!controller.signal.aborted);
    }
    const { reader, sent } = setUp(controller.signal);
    await expect(reader.next()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(sent).not.toHaveBeenCalled();
  });
});
