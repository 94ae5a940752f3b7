import { Feed } from './feed.js';

describe('a feed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives what is there, and what comes next', async () => {
    const feed = new Feed();
    void feed.push(1);
    void feed.push(2);
    expect(await feed.take()).toEqual({
      items: [1, 2],
      missed: 0,
      done: false,
    });
    const next = feed.take();
    void feed.push(3);
    expect(await next).toMatchObject({ items: [3] });
    feed.finish();
    expect(await feed.take()).toMatchObject({ items: [], done: true });
  });

  it('answers after 10 s although nothing comes', async () => {
    const feed = new Feed();
    const part = feed.take();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await part).toMatchObject({ items: [], done: false });
  });

  it('ends half a minute after the last question', async () => {
    const feed = new Feed();
    await vi.advanceTimersByTimeAsync(29_000);
    void feed.push(1);
    await feed.take();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(feed.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(feed.signal.aborted).toBe(true);
  });

  it('holds back who adds more than a mebibyte', async () => {
    const feed = new Feed();
    let hasRoom = false;
    void feed.push('x'.repeat(2 ** 20)).then(() => (hasRoom = true));
    await vi.advanceTimersByTimeAsync(0);
    expect(hasRoom).toBe(false);
    await feed.take();
    await vi.advanceTimersByTimeAsync(0);
    expect(hasRoom).toBe(true);
  });

  it('lets go of who waits for room when nobody listens any more', async () => {
    const feed = new Feed();
    const added = feed.push('x'.repeat(2 ** 20));
    feed.end();
    await added;
    await feed.push('y'.repeat(2 ** 20));
  });

  it('leaves out the oldest of what cannot be held back, and counts it', async () => {
    const feed = new Feed();
    for (let number = 0; number < 1003; number++) {
      feed.offer(number);
    }
    const { items, missed } = await feed.take();
    expect(items).toHaveLength(1000);
    expect(items[0]).toBe(3);
    expect(missed).toBe(3);
  });
});
