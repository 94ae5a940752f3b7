import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import {
  JOIN_REFUSAL_TIME,
  LOOKUPS_PER_MINUTE,
  MAX_WAITING_LOOKUPS,
} from '../options/membership.options.js';
import { OURS } from '../testing-support/checked-cloud.js';
import {
  TestCloud,
  idsOf,
  type TestPeer,
} from '../testing-support/test-cloud.js';
import { JoinerNames } from './join-check.js';

const FEATURES = OURS.features;

/** What is asked of a joiner before it is let in. */
describe('JoinCheck', () => {
  let cloud: TestCloud;
  let a: TestPeer;

  beforeEach(() => {
    cloud = new TestCloud();
    a = cloud.peer('a', { ticks: false });
  });

  const refusal = (code: string) => ({ status: 'rejected', error: { code } });

  it.each([
    ['nobody is there', { port: 4 }],
    ['somebody else answers', { id: 'other' }],
  ])('refuses where %s, and changes nothing', async (_, extra) => {
    const fake = cloud.fake('f');
    const answer = await cloud.settle(fake.join(a.address, extra));
    expect(answer).toMatchObject(refusal('CHECK_FAILED'));
    expect(a.core.members()).toEqual([]);
  });

  it('says the same whatever the check found, and what it was in its log only', async () => {
    const refused = cloud.peer('r', {
      env: { addressRefusal: () => 'has a port below 1024' },
      ticks: false,
    });
    const fake = cloud.fake('f');
    const answers = [
      await cloud.settle(fake.join(a.address, { port: 4 })),
      await cloud.settle(fake.join(a.address, { id: 'other' })),
      await cloud.settle(fake.join(refused.address)),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(
      1,
    );
    expect(a.log.join()).toContain('does not answer /status');
    expect(a.log.join()).toContain('answers with the id f');
    expect(refused.log.join()).toContain('its address has a port below 1024');
  });

  it('gives up a check that gets no answer in time for the original', async () => {
    const silent = cloud.fake('s', {
      answer: (endpoint) =>
        endpoint === 'status' ? new Promise(() => {}) : undefined,
    });
    const start = cloud.clock.monotonic();
    expect(await cloud.settle(silent.join(a.address))).toMatchObject(
      refusal('CHECK_FAILED'),
    );
    expect(cloud.clock.monotonic() - start).toBeLessThan(700);
  });

  it('asks a second time, and no more, where the first question gets no answer', async () => {
    let questions = 0;
    const lossy = cloud.fake('s', {
      answer: (endpoint) =>
        endpoint === 'status' && ++questions === 1
          ? new Promise(() => {})
          : undefined,
    });
    expect(await cloud.settle(lossy.join(a.address))).toMatchObject({
      status: 'joined',
    });
    expect(questions).toBe(2);
    const silent = cloud.fake('silent', {
      answer: (endpoint) =>
        endpoint === 'status' ? new Promise(() => {}) : undefined,
    });
    await cloud.settle(silent.join(a.address));
    expect(cloud.to('silent', 'status')).toHaveLength(2);
  });

  it('waits for the first answer too, if it is late', async () => {
    let questions = 0;
    const slow = cloud.fake('s', {
      answer: async (endpoint) => {
        if (endpoint !== 'status') {
          return undefined;
        }
        if (++questions > 1) {
          return new Promise(() => {});
        }
        await cloud.pause(400);
        return undefined;
      },
    });
    expect(await cloud.settle(slow.join(a.address))).toMatchObject({
      status: 'joined',
    });
    expect(questions).toBe(2);
  });

  it.each([
    ['lets a slow peer back in that was a member', 'm', 'joined', true],
    ['lets a slow member renew its place', 'm', 'joined', false],
    ['does not wait so long for a stranger', 'stranger', 'rejected', false],
  ] as const)('%s', async (_case, id, outcome, hasLeft) => {
    const incarnation = cloud.clock.now();
    const word = { features: FEATURES, incarnation };
    const member = cloud.fake('m', { status: word });
    await cloud.settle(member.join(a.address, word));
    if (hasLeft) {
      await cloud.settle(member.send(a.address, 'left', { id: 'm' }));
      expect(a.core.members()).toEqual([]);
    }
    const later = { ...word, incarnation: incarnation + 1 };
    const slow = cloud.fake(id, {
      ...(id === 'm' ? member.address : {}),
      answer: async (endpoint) => {
        if (endpoint !== 'status') {
          return undefined;
        }
        await cloud.pause(1200);
        return { id, online: true, ...later };
      },
    });
    const answer = await cloud.settle(slow.join(a.address, later));
    expect(answer).toMatchObject({ status: outcome });
  });

  it('checks one place once, however often it asks at the same time', async () => {
    const fake = cloud.fake('f');
    const joins = await cloud.settle(
      Promise.all(Array.from({ length: 5 }, () => fake.join(a.address))),
    );
    expect(joins.every(({ status }) => status === 'joined')).toBe(true);
    expect(cloud.to('f', 'status')).toHaveLength(1);
    expect(idsOf(a)).toEqual(['f']);
  });

  it('lets addresses take turns: a flood from one holds up no other', async () => {
    const hanging = Array.from({ length: 60 }, (_, index) =>
      cloud.fake(`flood-${index}`, {
        ip: '10.0.9.1',
        port: 2000 + index,
        answer: (endpoint) =>
          endpoint === 'status' ? new Promise(() => {}) : undefined,
      }),
    );
    const flood = hanging.map((fake) => fake.join(a.address));
    const guest = cloud.fake('guest', { ip: '10.0.9.2' });
    const start = cloud.clock.monotonic();
    expect(await cloud.settle(guest.join(a.address))).toMatchObject({
      status: 'joined',
    });
    expect(cloud.clock.monotonic() - start).toBeLessThan(2 * JOIN_REFUSAL_TIME);
    await cloud.settle(Promise.all(flood));
  });

  it('does not believe an incarnation of more than a day ahead', async () => {
    const incarnation = cloud.clock.now() + 25 * 3_600_000;
    const fake = cloud.fake('f', {
      status: { features: FEATURES, incarnation },
    });
    const answer = await cloud.settle(
      fake.join(a.address, { features: FEATURES, incarnation }),
    );
    expect(answer).toMatchObject(refusal('CLOCK_AHEAD'));
  });

  it("takes the joiner's own word at its address for its features, not the request's", async () => {
    const incarnation = cloud.clock.now();
    const fake = cloud.fake('f', {
      status: { features: FEATURES, incarnation },
    });
    await cloud.settle(fake.join(a.address, { incarnation: incarnation + 5 }));
    expect(a.core.get('f')).toMatchObject({ features: FEATURES, incarnation });
  });

  it.each(['a legacy joiner', 'a joiner with features'])(
    'refuses %s in the same time, however slow this process and its names are',
    async (kind) => {
      const slow = cloud.peer('slow', {
        ticks: false,
        env: {
          eventLoopDelay: () => 2000,
          resolve: (host) =>
            new Promise((resolve) => {
              if (host === 'late.example') {
                cloud.clock.setTimeout(() => resolve([fake.address.ip]), 450);
              }
            }),
        },
      });
      const fake = cloud.fake('s', {
        answer: (endpoint) =>
          endpoint === 'status' ? new Promise(() => {}) : undefined,
      });
      const features = kind === 'a legacy joiner' ? [] : FEATURES;
      for (const ip of [fake.address.ip, 'slow.example', 'late.example']) {
        const start = cloud.clock.monotonic();
        const answer = await cloud.settle(
          fake.join(slow.address, { features, ip }),
        );
        expect(answer).toMatchObject(refusal('CHECK_FAILED'));
        const took = cloud.clock.monotonic() - start;
        expect(took).toBeGreaterThanOrEqual(JOIN_REFUSAL_TIME);
        expect(took).toBeLessThan(JOIN_REFUSAL_TIME + 50);
      }
    },
  );
});

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
    expect(await names.addressOf('good', 'x', 500)).toBe('10.0.0.7');
    expect(await names.addressOf('bad', 'x', 500)).toBeUndefined();
  });

  it('are given up in time, and one is looked up at once, however many nobody answers', async () => {
    const { clock, asked, hanging, names } = resolver();
    const wanted = 1 + MAX_WAITING_LOOKUPS + 5;
    const lookups = Array.from({ length: wanted }, (_, index) =>
      names.addressOf(`black-hole-${index}`, `address ${index}`, 500),
    );
    const all = await clock.complete(Promise.all(lookups), 600);
    expect(new Set(all)).toEqual(new Set([undefined]));
    expect(asked).toHaveLength(1);
    // Nobody waits for the others any more, so they are not looked up when there is room again.
    for (const give of hanging) {
      give();
    }
    await clock.run(1);
    const now = clock.monotonic();
    expect(await names.addressOf('good', 'x', now + 500)).toBe('10.0.0.7');
    expect(asked).toHaveLength(2);
  });

  it('are looked up so often for each address, which take turns', async () => {
    const { clock, asked, hanging, names } = resolver();
    const lookups = ['flood', 'flood', 'flood', 'guest'].map((origin, index) =>
      names.addressOf(`name-${index}`, origin, 500),
    );
    for (let turn = 0; turn < lookups.length; turn++) {
      hanging.shift()!();
      await clock.run(1);
    }
    await clock.complete(Promise.all(lookups));
    expect(asked).toEqual(['name-0', 'name-1', 'name-3', 'name-2']);
    const end = clock.monotonic() + 500;
    for (let count = 3; count < LOOKUPS_PER_MINUTE + 10; count++) {
      await names.addressOf('good', 'flood', end);
    }
    expect(asked).toHaveLength(LOOKUPS_PER_MINUTE + 1);
    expect(await names.addressOf('good', 'guest', end)).toBe('10.0.0.7');
  });
});
