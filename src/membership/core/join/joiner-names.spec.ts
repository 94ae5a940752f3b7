import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { JoinerNames } from './joiner-names.js';
import {
  MAX_NAME_LOOKUPS,
  MAX_WAITING_LOOKUPS,
} from '../options/membership.limits.js';

/** Names of which only `good` is answered at once; the others when the test says so. */
function resolver() {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const hanging: (() => void)[] = [];
  const resolve = (name: string): Promise<string[]> => {
    asked.push(name);
    if (name === 'good') {
      return Promise.resolve(['10.0.0.7', '10.0.0.8']);
    }
    if (name === 'bad') {
      return Promise.reject(new Error('ENOTFOUND'));
    }
    return new Promise((_resolve, reject) =>
      hanging.push(() => reject(new Error('ETIMEOUT'))),
    );
  };
  const names = new JoinerNames({ env: { clock, resolve } as never });
  return { clock, asked, hanging, names };
}

describe('the names of joiners', () => {
  it('lead to their first address, or nowhere', async () => {
    const { names } = resolver();
    expect(await names.addressOf('good', 500)).toBe('10.0.0.7');
    expect(await names.addressOf('bad', 500)).toBeUndefined();
  });

  it('are given up in time, and few are looked up at once, however many nobody answers', async () => {
    const { clock, asked, hanging, names } = resolver();
    const wanted = MAX_NAME_LOOKUPS + MAX_WAITING_LOOKUPS + 5;
    const lookups = Array.from({ length: wanted }, (_, index) =>
      names.addressOf(`black-hole-${index}`, 500),
    );
    const all = await clock.complete(Promise.all(lookups), 600);
    expect(new Set(all)).toEqual(new Set([undefined]));
    expect(asked).toHaveLength(MAX_NAME_LOOKUPS);
    // Nobody waits for the others any more, so they are not looked up when there is room again.
    for (const give of hanging) {
      give();
    }
    await clock.run(1);
    const now = clock.monotonic();
    expect(await names.addressOf('good', now + 500)).toBe('10.0.0.7');
    expect(asked).toHaveLength(MAX_NAME_LOOKUPS + 1);
  });
});
