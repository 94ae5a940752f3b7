import { SeededRandom } from '../../../testing/network/seeded-random.js';
import { VirtualClock } from '../../../testing/network/virtual-clock.js';
import { makeRecord } from './member-record.js';
import { LEFT_MEMORY } from '../options/membership.options.js';
import { Tombstones } from './tombstones.js';

const HOUR = 3_600_000;

function makeStones(limit = 100) {
  const clock = new VirtualClock();
  return { clock, stones: new Tombstones(clock, HOUR, limit) };
}

const dead = (incarnation = 1) => ({ incarnation, state: 'dead' }) as const;
const left = (incarnation = 1) => ({ incarnation, state: 'left' }) as const;

const record = (id: string) =>
  makeRecord({ id, ip: '10.0.0.1', port: 1, data: {} }, 'dead');

describe('Tombstones', () => {
  it('keeps the newest end', () => {
    const { stones } = makeStones();
    stones.add('a', dead(2), record('a'));
    stones.add('a', dead(1));
    stones.add('a', dead(2));
    expect(stones.get('a')).toMatchObject({ incarnation: 2, state: 'dead' });
    stones.add('a', left(2));
    expect(stones.get('a')).toMatchObject({ incarnation: 2, state: 'left' });
    expect(stones.get('a')?.record?.id).toBe('a');
    expect(stones.size).toBe(1);
    stones.delete('a');
    expect(stones.get('a')).toBeUndefined();
  });

  it('keeps no data, except those of legacy peers, who cannot say them again', () => {
    const { stones } = makeStones();
    const data = { large: 'x' };
    const features = ['gossip'];
    stones.add('old', dead(), { ...record('old'), data });
    stones.add('ours', dead(), { ...record('ours'), data, features });
    expect(stones.get('old')?.record?.data).toEqual(data);
    expect(stones.get('ours')?.record?.data).toEqual({});
  });

  it('remembers the dead for as long as it is told to, and those that left for less', async () => {
    const { clock, stones } = makeStones();
    stones.add('dead', dead());
    stones.add('left', left());
    await clock.run(LEFT_MEMORY);
    expect(stones.get('left')).toBeDefined();
    await clock.run(1);
    expect(stones.get('left')).toBeUndefined();
    expect([...stones.values()].map(({ id }) => id)).toEqual(['dead']);
    await clock.run(HOUR);
    expect(stones.get('dead')).toBeUndefined();
    expect([...stones.values()]).toEqual([]);
  });

  it('forgets the oldest where there are too many', () => {
    const { stones } = makeStones(3);
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      stones.add(id, dead());
    }
    expect([...stones.values()].map(({ id }) => id)).toEqual(['c', 'd', 'e']);
    stones.add('c', dead(2));
    stones.add('f', dead());
    expect([...stones.values()].map(({ id }) => id)).toEqual(['e', 'c', 'f']);
    expect(stones.size).toBe(3);
  });

  it('forgets whom it never met before those that it did', async () => {
    const { clock, stones } = makeStones(3);
    stones.add('met', dead(), record('met'));
    await clock.run(1);
    stones.add('gone', left(), record('gone'));
    await clock.run(1);
    for (let n = 0; n < 100; n++) {
      stones.add(`invented-${n}`, dead());
    }
    expect(stones.values().map(({ id }) => id)).toEqual([
      'met',
      'gone',
      'invented-99',
    ]);
    stones.add('also', dead(), record('also'));
    stones.add('last', dead(), record('last'));
    expect(stones.values().map(({ id }) => id)).toEqual([
      'met',
      'also',
      'last',
    ]);
  });

  it('clears away what is too old when something is added', async () => {
    const { clock, stones } = makeStones();
    for (let index = 0; index < 50; index++) {
      stones.add(`left-${index}`, left());
    }
    await clock.run(LEFT_MEMORY + 1);
    stones.add('new', dead());
    expect(stones.size).toBe(1);
  });

  it('picks only dead members that may still be somewhere', async () => {
    const { clock, stones } = makeStones();
    const random = new SeededRandom(1);
    expect(stones.pickDead(random)).toBeUndefined();
    stones.add('left', left(), record('left'));
    stones.add('unknown', dead());
    stones.add('replaced', dead(), record('replaced'));
    stones.forgetAddress('replaced');
    stones.forgetAddress('nobody');
    stones.add('dead', dead(), record('dead'));
    const picked = new Set<string | undefined>();
    for (let tries = 0; tries < 200; tries++) {
      picked.add(stones.pickDead(random)?.id);
    }
    expect(picked).toEqual(new Set(['dead']));
    await clock.run(HOUR + 1);
    for (let tries = 0; tries < 50; tries++) {
      expect(stones.pickDead(random)).toBeUndefined();
    }
  });

  it('names the ends of the recent past, the newest first, so many at most', async () => {
    const { clock, stones } = makeStones();
    stones.add('old', dead());
    await clock.run(1001);
    for (const id of ['a', 'b', 'c']) {
      stones.add(id, dead());
    }
    const recent = (limit: number) =>
      stones.recent(1000, limit).map(({ id }) => id);
    expect(recent(10)).toEqual(['c', 'b', 'a']);
    expect(recent(2)).toEqual(['c', 'b']);
  });
});
