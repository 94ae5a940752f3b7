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

  it('has everybody in the next round who came after this one was cleared', () => {
    const ring = ringOf(names(40));
    round(ring, 40);
    for (const id of names(30)) {
      ring.remove(id);
    }
    ring.add('new');
    expect(ring.next()).toBe('new');
    expect(round(ring, 11).toSorted()).toEqual(
      [...names(40).slice(30), 'new'].toSorted(),
    );
  });

  it.each([17, 30])(
    'keeps the order of the round when it clears away %i that are gone',
    (gone) => {
      for (let seed = 0; seed < 10; seed++) {
        const ring = ringOf(names(40), seed);
        const seen = round(ring, 20);
        const unseen = names(40).filter((id) => !seen.includes(id));
        for (const id of [
          ...seen.slice(0, gone - 10),
          ...unseen.slice(0, 10),
        ]) {
          ring.remove(id);
        }
        expect(ring.size).toBe(40 - gone);
        expect(round(ring, 10).toSorted()).toEqual(unseen.slice(10).toSorted());
      }
    },
  );

  it('forgets everybody at once', () => {
    const ring = ringOf(names(10));
    round(ring, 5);
    ring.remove('1');
    ring.clear();
    expect(ring.size).toBe(0);
    expect(ring.next()).toBeUndefined();
    ring.add('1');
    ring.add('2');
    expect(round(ring, 2).toSorted()).toEqual(['1', '2']);
  });

  it('looks at no more of a large ring than it needs, where most fit', () => {
    const ring = ringOf(names(1000));
    let looks = 0;
    const sample = ring.sample(3, () => {
      looks++;
      return true;
    });
    expect(sample).toHaveLength(3);
    expect(looks).toBe(3);
  });

  it('samples without preference', () => {
    const ring = ringOf(names(8));
    const times = new Map<string, number>();
    for (let tries = 0; tries < 800; tries++) {
      const [id] = ring.sample(1, () => true);
      times.set(id!, (times.get(id!) ?? 0) + 1);
    }
    expect(times.size).toBe(8);
    expect(Math.min(...times.values())).toBeGreaterThan(60);
  });

  describe('of a hundred', () => {
    /** A ring, and the places that chance looks at from then on. */
    function scripted(places: number[]) {
      let isReady = false;
      const chance = new SeededRandom(1);
      const next = () =>
        isReady ? ((places.shift() ?? 0) + 0.5) / 100 : chance.next();
      const ring = new ProbeRing({ next, uuid: () => '' });
      for (const id of names(100)) {
        ring.add(id);
      }
      isReady = true;
      return ring;
    }

    it('samples nobody twice, and nobody who has gone', () => {
      const [one, two, three] = scripted([10, 20, 30]).sample(3, () => true);
      const ring = scripted([10, 10, 20, 20, 30]);
      expect(ring.sample(2, () => true)).toEqual([one, two]);
      ring.remove(three!);
      const other = scripted([30, 10, 20]);
      other.remove(three!);
      expect(other.sample(2, () => true)).toEqual([one, two]);
    });

    it('finds the only one that fits, wherever chance looks', () => {
      expect(scripted([]).sample(3, (id) => id === '77')).toEqual(['77']);
    });

    it('tries eight times for each one before it looks at all', () => {
      let looks = 0;
      scripted([]).sample(3, () => {
        looks++;
        return false;
      });
      expect(looks).toBe(24 + 100);
    });

    it('looks at each once where a quarter or more is asked for', () => {
      let looks = 0;
      scripted([]).sample(25, () => {
        looks++;
        return true;
      });
      expect(looks).toBe(100);
    });
  });
});
