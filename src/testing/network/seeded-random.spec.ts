import { SeededRandom } from './seeded-random.js';

const draw = (random: SeededRandom, count: number) =>
  Array.from({ length: count }, () => random.next());

describe('SeededRandom', () => {
  it('repeats itself for the same seed and stream', () => {
    expect(draw(new SeededRandom(7, 2), 50)).toEqual(
      draw(new SeededRandom(7, 2), 50),
    );
  });

  it('differs between seeds and between streams', () => {
    const first = draw(new SeededRandom(7), 5);
    expect(draw(new SeededRandom(8), 5)).not.toEqual(first);
    expect(draw(new SeededRandom(7, 1), 5)).not.toEqual(first);
  });

  it('is spread evenly from 0 to 1', () => {
    const numbers = draw(new SeededRandom(1), 20_000);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const number of numbers) {
      tenths[Math.floor(number * 10)]!++;
    }
    for (const count of tenths) {
      expect(Math.abs(count - 2000)).toBeLessThan(200);
    }
  });

  it('makes UUIDs of version 4, each different', () => {
    const random = new SeededRandom(5);
    const ids = Array.from({ length: 500 }, () => random.uuid());
    expect(new Set(ids).size).toBe(500);
    for (const id of ids) {
      expect(id).toMatch(
        /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
      );
    }
  });
});
