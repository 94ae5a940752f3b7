import { until } from '../../test/support/until.js';
import { EventLoopDelay } from './event-loop-delay.js';

describe('EventLoopDelay', () => {
  it('notices that the process stood still', async () => {
    const delay = new EventLoopDelay();
    delay.onModuleInit();
    const seen: number[] = [];
    await until(() => {
      const end = performance.now() + 60;
      while (performance.now() < end) {}
      seen.push(delay.read());
      return Math.max(...seen) >= 30;
    });
    delay.onApplicationShutdown();
  });
});
