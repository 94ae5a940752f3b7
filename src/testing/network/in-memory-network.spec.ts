import type { PeerAnswer } from '../../transport/peer-transport.interface.js';
import { InMemoryNetwork } from './in-memory-network.js';
import type { InMemoryHandler, InMemoryProcess } from './in-memory-process.js';
import { fixedLatency, logNormalLatency } from './latency.js';
import { SeededRandom } from './seeded-random.js';
import { VirtualClock } from './virtual-clock.js';

const echo: InMemoryHandler = (endpoint, body, origin) =>
  Promise.resolve({ status: 200, body: { endpoint, body, ...origin } });

describe('InMemoryNetwork', () => {
  let clock: VirtualClock;
  let network: InMemoryNetwork;

  const start = (host: number, handler = echo, skew = 0): InMemoryProcess =>
    network.start({
      ip: `10.0.0.${host}`,
      port: 9338,
      senderId: () => `peer-${host}`,
      handler,
      skew,
    });

  /** What came of a request, and when. */
  const ask = async (
    from: InMemoryProcess,
    to: { ip: string; port: number },
    options: { timeout?: number; signal?: AbortSignal } = {},
  ): Promise<{ answer?: PeerAnswer; code?: string; at: number }> => {
    const outcome: { answer?: PeerAnswer; code?: string; at: number } = {
      at: NaN,
    };
    void from.transport
      .request(to, 'status', { hello: 1 }, { timeout: 1000, ...options })
      .then(
        (answer) => (outcome.answer = answer),
        (error: { code: string }) => (outcome.code = error.code),
      )
      .finally(() => (outcome.at = clock.monotonic()));
    await clock.run(60_000);
    return outcome;
  };

  beforeEach(() => {
    clock = new VirtualClock();
    network = new InMemoryNetwork({ clock, latency: fixedLatency(10) });
  });

  it('carries a request and its answer, each as late as the latency', async () => {
    const outcome = await ask(start(1), start(2));
    expect(outcome.at).toBe(20);
    expect(outcome.answer).toEqual({
      status: 200,
      body: {
        endpoint: 'status',
        body: { hello: 1 },
        remoteAddress: '10.0.0.1',
        senderId: 'peer-1',
      },
    });
  });

  it('is refused by a crashed process and hears nothing from a vanished host', async () => {
    const asker = start(1);
    const crashed = start(2);
    const vanished = start(3);
    crashed.crash();
    vanished.vanish();
    expect(await ask(asker, crashed)).toEqual({ code: 'REFUSED', at: 20 });
    expect(await ask(asker, vanished)).toMatchObject({ code: 'TIMEOUT' });
    expect(await ask(asker, { ip: '10.9.9.9', port: 1 })).toMatchObject({
      code: 'TIMEOUT',
    });
  });

  it('breaks the connection when a process crashes with the request in hand', async () => {
    const asker = start(1);
    const target = start(2, () => new Promise(() => undefined));
    clock.setTimeout(() => target.crash(), 100);
    expect(await ask(asker, target)).toEqual({
      code: 'CONNECTION_LOST',
      at: 110,
    });
  });

  it('answers again when a process is started at the old address', async () => {
    const asker = start(1);
    start(2).crash();
    expect((await ask(asker, start(2))).answer?.status).toBe(200);
  });

  it('keeps what reaches a stalled process until it wakes', async () => {
    const asker = start(1);
    const target = start(2);
    target.stall();
    clock.setTimeout(() => target.wake(), 500);
    expect(await ask(asker, target)).toMatchObject({
      answer: { status: 200 },
      at: 510,
    });
  });

  it('lets the timers of a stalled process fire only when it wakes, before late answers', async () => {
    const asker = start(1);
    const target = start(2, async (...request) => {
      await new Promise<void>((resolve) =>
        clock.setTimeout(() => resolve(), 2000),
      );
      return echo(...request);
    });
    clock.setTimeout(() => asker.stall(), 5);
    clock.setTimeout(() => asker.wake(), 5005);
    const outcome = await ask(asker, target);
    expect(outcome).toEqual({ code: 'TIMEOUT', at: 5005 });
    expect(asker.clock.delay()).toBe(0);
  });

  it('shows the event-loop delay for a while after a stall', async () => {
    const process = start(1);
    process.stall();
    await clock.run(700);
    process.wake();
    expect(process.clock.delay()).toBe(700);
    await clock.run(1001);
    expect(process.clock.delay()).toBe(0);
  });

  it('cuts one way or both, and heals', async () => {
    const one = start(1);
    const other = start(2);
    const heal = network.links.cut([one.ip], [other.ip]);
    expect((await ask(one, other)).code).toBe('TIMEOUT');
    expect((await ask(other, one)).code).toBe('TIMEOUT');
    heal();
    expect((await ask(one, other)).answer?.status).toBe(200);
    const join = network.links.part([one.ip], [other.ip]);
    expect((await ask(other, one)).code).toBe('TIMEOUT');
    join();
    expect((await ask(other, one)).answer?.status).toBe(200);
  });

  it('loses each direction with the given probability', async () => {
    network.loss = 0.2;
    const asker = start(1);
    const target = start(2);
    let lost = 0;
    for (let count = 0; count < 2000; count++) {
      void asker.transport
        .request(target, 'status', {}, { timeout: 100 })
        .catch(() => lost++);
    }
    await clock.run(1000);
    expect(lost / 2000).toBeCloseTo(1 - 0.8 * 0.8, 1);
  });

  it('gives up when the caller does', async () => {
    const controller = new AbortController();
    clock.setTimeout(() => controller.abort(), 3);
    expect(
      await ask(start(1), start(2), { signal: controller.signal }),
    ).toEqual({ code: 'ABORTED', at: 3 });
    expect(
      await ask(start(1), start(2), { signal: AbortSignal.abort() }),
    ).toMatchObject({ code: 'ABORTED' });
  });

  it('answers 500 for a handler that throws, and keeps the error', async () => {
    const target = start(2, () => Promise.reject(new Error('broken')));
    expect((await ask(start(1), target)).answer?.status).toBe(500);
    expect(network.errors).toEqual([new Error('broken')]);
  });

  it('copies bodies as JSON would, or shares them when told to', async () => {
    const body = { kept: 1, dropped: undefined };
    const handler: InMemoryHandler = () =>
      Promise.resolve({ status: 200, body: body as never });
    const copied = await ask(start(1), start(2, handler));
    expect(copied.answer?.body).toStrictEqual({ kept: 1 });
    network = new InMemoryNetwork({ clock, bodies: 'share' });
    const shared = await ask(start(1), start(2, handler));
    expect(shared.answer?.body).toBe(body);
  });

  it('gives a process a wrong idea of the time', () => {
    expect(start(1, echo, 5000).clock.now()).toBe(clock.now() + 5000);
  });

  it('counts requests and estimates their bytes', async () => {
    const asker = start(1);
    const target = start(2, () =>
      Promise.resolve({ status: 200, body: { a: 'x'.repeat(93) } }),
    );
    for (let count = 0; count < 1300; count++) {
      void asker.transport.request(target, 'status', {}, { timeout: 100 });
    }
    await clock.run(1000);
    const { requests, bytes } = network.meter.total();
    expect(requests).toBe(1300);
    expect(bytes).toBeGreaterThan(1300 * 103 * 0.9);
    expect(bytes).toBeLessThan(1300 * 103 * 1.1);
  });
});

describe('logNormalLatency', () => {
  it('has the given median and a long tail', () => {
    const latency = logNormalLatency(10);
    const random = new SeededRandom(1);
    const times = Array.from({ length: 10_001 }, () => latency(random)).sort(
      (a, b) => a - b,
    );
    expect(times[5000]).toBeGreaterThan(9.5);
    expect(times[5000]).toBeLessThan(10.5);
    expect(times[9900]).toBeGreaterThan(32);
    expect(times[9900]).toBeLessThan(50);
  });
});
