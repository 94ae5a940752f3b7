import { SeededRandom } from '../../../testing/network/seeded-random.js';
import { ProbeRing } from './probe-ring.js';

const names = (count: number) =>
  Array.from({ length: count }, (_, n) => `${n}`);

function ringOf(ids: readonly string[], seed = 1): ProbeRing {
  const ring = new ProbeRing(new SeededRandom(seed));
  for (const id of ids) {
    ring.add(id);
  }
  return ring;
}

const round = (ring: ProbeRing, length: number) =>
  Array.from({ length }, () => ring.next() ?? 'nobody');

describe('ProbeRing', () => {
  it('comes to everybody once in each round, in another order', () => {
    const ids = names(20);
    const ring = ringOf(ids);
    const first = round(ring, 20);
    const second = round(ring, 20);
    expect(first.toSorted()).toEqual(ids.toSorted());
    expect(second.toSorted()).toEqual(ids.toSorted());
    expect(second).not.toEqual(first);
  });

  it('comes to a newcomer within the round, and to nobody twice because of it', () => {
    for (let seed = 0; seed < 20; seed++) {
      const ring = ringOf(names(10), seed);
      const before = round(ring, 5);
      ring.add('new');
      const after = round(ring, 6);
      expect(new Set([...before, ...after]).size).toBe(11);
    }
  });

  it('passes over who is gone, and comes once to who is back', () => {
    const ring = ringOf(names(10));
    ring.remove('3');
    ring.remove('4');
    ring.add('4');
    expect(ring.size).toBe(9);
    expect(round(ring, 9).toSorted()).toEqual(
      names(10).filter((id) => id !== '3'),
    );
  });

  it('is empty when everybody has gone', () => {
    const ring = ringOf(names(100));
    for (const id of names(100)) {
      ring.remove(id);
    }
    expect(ring.size).toBe(0);
    expect(ring.next()).toBeUndefined();
    expect(ring.sample(3, () => true)).toEqual([]);
  });

  it.each([5, 500])('samples different ids that fit, of %i', (count) => {
    const ring = ringOf(names(count));
    ring.remove('1');
    const isEven = (id: string) => Number(id) % 2 === 0;
    for (let tries = 0; tries < 50; tries++) {
      const sample = ring.sample(2, isEven);
      expect(new Set(sample).size).toBe(2);
      expect(sample.every(isEven)).toBe(true);
    }
  });

  it('finds the few that there are', () => {
    expect(
      ringOf(names(3))
        .sample(5, (id) => id !== '1')
        .toSorted(),
    ).toEqual(['0', '2']);
  });
});
