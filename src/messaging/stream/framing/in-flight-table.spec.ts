import { InFlightTable } from './in-flight-table.js';

const message = (name: string) => ({ name });

describe('InFlightTable', () => {
  it('finds a message by its number, until it is taken out', () => {
    const table = new InFlightTable<string>(2);
    const number = table.add('a');
    expect([table.get(number), table.get(number + 2)]).toEqual([
      'a',
      undefined,
    ]);
    table.replace(number, 'b');
    table.replace(number + 2, 'c');
    expect(table.take(number)).toBe('b');
    table.replace(number, 'd');
    expect([table.get(number), table.size]).toEqual([undefined, 0]);
  });

  it('gives each message back once, in any order', () => {
    const table = new InFlightTable<object>(3);
    const [a, b, c] = ['a', 'b', 'c'].map(message);
    const numbers = [a!, b!, c!].map((each) => table.add(each));
    expect(table.isFull).toBe(true);
    expect(table.take(numbers[1]!)).toBe(b);
    expect(table.take(numbers[1]!)).toBeUndefined();
    expect(table.size).toBe(2);
    expect([...table]).toEqual([
      [numbers[0], a],
      [numbers[2], c],
    ]);
    expect(table.take(numbers[2]!)).toBe(c);
    expect(table.take(numbers[0]!)).toBe(a);
    expect(table.size).toBe(0);
  });

  it('never gives a place the same number twice', () => {
    const table = new InFlightTable<object>(2);
    const seen = new Set<number>();
    for (let round = 0; round < 100; round++) {
      const number = table.add(message('a'));
      expect(seen.has(number)).toBe(false);
      seen.add(number);
      for (const old of seen) {
        if (old !== number) {
          expect(table.take(old)).toBeUndefined();
        }
      }
      expect(table.take(number)).toBeDefined();
    }
  });

  it.each([0, -1, 0.5, 1e300, NaN])('knows nobody by %d', (number) => {
    const table = new InFlightTable<object>(4);
    table.add(message('a'));
    expect(table.take(number)).toBeUndefined();
    expect(table.size).toBe(1);
  });
});
