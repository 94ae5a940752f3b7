import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { ReporterQuota } from './reporter-quota.js';
import { MAX_REPORTERS } from '../options/membership.limits.js';

const take = (quota: ReporterQuota, reporter: string, times: number) =>
  Array.from({ length: times }, () => quota.take(reporter)).filter(Boolean)
    .length;

describe('ReporterQuota', () => {
  it('lets each reporter name so many, and again with time', async () => {
    const clock = new VirtualClock();
    const quota = new ReporterQuota(10, clock);
    expect(take(quota, 'a', 15)).toBe(10);
    expect(take(quota, 'b', 3)).toBe(3);
    await clock.run(30_000);
    expect(take(quota, 'a', 15)).toBe(5);
    await clock.run(600_000);
    expect(take(quota, 'a', 15)).toBe(10);
  });

  it('remembers a bounded number of reporters, those that spoke last', () => {
    const quota = new ReporterQuota(1, new VirtualClock());
    quota.take('first');
    for (let n = 0; n < MAX_REPORTERS; n++) {
      quota.take(`${n}`);
    }
    expect(quota.take(`${MAX_REPORTERS - 1}`)).toBe(false);
    expect(quota.take('first')).toBe(true);
  });
});
