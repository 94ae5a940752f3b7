import { FenceError } from './fence.error.js';
import { holdLease, type EngineLease } from './held-lease.js';

const TTL = 1_000;

/** An engine whose answers are given by hand. */
class Engine implements EngineLease {
  readonly token = 7n;
  readonly renewals: number[] = [];
  releases = 0;
  /** Ms until an answer; Infinity: never. */
  latency = 0;
  isOurs = true;
  isDown = false;

  async take(): Promise<EngineLease> {
    await this.#answer();
    return this;
  }

  async renew(): Promise<boolean> {
    this.renewals.push(performance.now());
    await this.#answer();
    return this.isOurs;
  }

  async release(): Promise<void> {
    this.releases += 1;
    await this.#answer();
  }

  async #answer(): Promise<void> {
    const { latency, isDown } = this;
    if (latency === Infinity) {
      await new Promise(() => undefined);
    }
    if (latency > 0) {
      await new Promise((resolve) => setTimeout(resolve, latency));
    }
    if (isDown) {
      throw new Error('down');
    }
  }
}

describe('a held lease', () => {
  let engine: Engine;

  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'performance'],
      now: 0,
    });
    engine = new Engine();
  });
  afterEach(() => vi.useRealTimers());

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const hold = async (signal?: AbortSignal) => {
    const lease = holdLease('job', { owner: 'us', ttl: TTL, signal }, () =>
      engine.take(),
    );
    lease.catch(() => undefined);
    await pass(engine.latency === Infinity ? TTL : engine.latency);
    return (await lease)!;
  };

  it('renews itself each third of its ttl', async () => {
    const lease = await hold();
    await pass(10 * TTL);
    expect(engine.renewals.length).toBeGreaterThanOrEqual(29);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it('is lost at four fifths of its ttl, from before the request was sent', async () => {
    engine.latency = 300;
    const lease = await hold();
    engine.latency = Infinity;
    await pass(499);
    expect(lease.lost.aborted).toBe(false);
    await pass(1);
    expect(lease.lost.reason).toBeInstanceOf(FenceError);
    expect(lease.lost.reason).toMatchObject({ code: 'LEASE_LOST' });
  });

  it('counts from before the last renewal that was answered', async () => {
    const lease = await hold();
    engine.latency = 200;
    await pass(600);
    const [renewed] = engine.renewals;
    engine.isDown = true;
    await pass(renewed! + 0.8 * TTL - performance.now() - 1);
    expect(lease.lost.aborted).toBe(false);
    await pass(2);
    expect(lease.lost.aborted).toBe(true);
  });

  it('tries again soon after a renewal failed', async () => {
    const lease = await hold();
    engine.isDown = true;
    await pass(TTL / 3 + TTL / 10 + 5);
    expect(engine.renewals.length).toBe(2);
    engine.isDown = false;
    await pass(TTL);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it('is lost at once if somebody else has the name', async () => {
    const lease = await hold();
    engine.isOurs = false;
    await pass(TTL / 3 + 1);
    expect(lease.lost.reason.message).toContain('somebody else');
    await pass(TTL);
    expect(engine.renewals.length).toBe(1);
  });

  it('renews no more once it is released or lost', async () => {
    const lease = await hold();
    await lease.release();
    await lease.release();
    await pass(10 * TTL);
    expect(engine.renewals).toEqual([]);
    expect(engine.releases).toBe(1);
    expect(lease.lost.aborted).toBe(false);
  });

  it('takes no notice of a renewal that is answered after its end', async () => {
    const lease = await hold();
    engine.latency = 100;
    engine.isOurs = false;
    await pass(TTL / 3 + 1);
    engine.latency = 0;
    await lease.release();
    await pass(TTL);
    expect(lease.lost.aborted).toBe(false);
  });

  it('is given back after it was lost as well', async () => {
    const lease = await hold();
    engine.isDown = true;
    await pass(TTL);
    expect(lease.lost.aborted).toBe(true);
    await expect(lease.release()).rejects.toMatchObject({
      code: 'FENCE_UNREACHABLE',
      cause: expect.objectContaining({ message: 'down' }),
    });
    expect(engine.releases).toBe(1);
  });

  it('is an error without an answer within a third of its ttl', async () => {
    engine.latency = TTL / 3 + 50;
    await expect(hold()).rejects.toMatchObject({ code: 'FENCE_UNREACHABLE' });
    await pass(TTL);
    expect(engine.releases).toBe(1);
  });

  it('is given back if its caller gave up before it arrived', async () => {
    engine.latency = 100;
    const caller = new AbortController();
    const lease = hold(caller.signal);
    lease.catch(() => undefined);
    const reason = new Error('enough');
    caller.abort(reason);
    await expect(lease).rejects.toBe(reason);
    await pass(100);
    expect(engine.releases).toBe(1);
  });

  it('leaves no timer behind', async () => {
    const lease = await hold();
    await lease.release();
    expect(vi.getTimerCount()).toBe(0);
  });
});
