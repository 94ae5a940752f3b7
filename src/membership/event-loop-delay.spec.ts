import { until } from '../../test/support/until.js';
import { EventLoopDelay } from './event-loop-delay.js';

describe('EventLoopDelay', () => {
  const delay = new EventLoopDelay();

  afterEach(() => delay.onApplicationShutdown());

  function block(ms: number): void {
    const end = performance.now() + ms;
    while (performance.now() < end) {}
  }

  it('knows of a stand-still at once, and until the next look', async () => {
    delay.onModuleInit();
    block(700);
    expect(delay.read()).toBeGreaterThanOrEqual(200);
    await new Promise(setImmediate);
    expect(delay.read()).toBeGreaterThanOrEqual(200);
    await until(() => delay.read() < 200);
  });

  it('is read off a timer of somebody else', () => {
    delay.onModuleInit();
    delay.fires(10);
    expect(delay.read()).toBeLessThanOrEqual(0);
    block(210);
    expect(delay.read()).toBeGreaterThanOrEqual(200);
    delay.fires(1000);
    expect(delay.read()).toBeGreaterThanOrEqual(200);
    delay.fires(1000);
    expect(delay.read()).toBe(0);
  });

  it('notices a process that is busy in short pieces', async () => {
    delay.onModuleInit();
    await until(() => {
      block(60);
      return delay.read() >= 30;
    });
  });

  it('says nothing before the start and after the end', () => {
    block(1);
    expect(delay.read()).toBe(0);
    delay.onModuleInit();
    block(501);
    delay.onApplicationShutdown();
    expect(delay.read()).toBe(0);
  });
});
