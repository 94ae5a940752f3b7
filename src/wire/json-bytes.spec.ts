import { SeededRandom } from '../testing/network/seeded-random.js';
import { jsonBytes } from './json.js';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

const VALUES: unknown[] = [
  null,
  true,
  false,
  0,
  -1.5e300,
  '',
  'plain',
  'é and ß',
  '漢字',
  '😀 two units',
  '\ud83d alone',
  'alone \ude00',
  '\ude00\ud83d',
  '"quoted" \\ and \n\t\b\f\r\u0000\u001f\u007f\u2028',
  [],
  {},
  [1, 'two', [3], { four: null }],
  { é: { '"': ['x', 0.1] }, left: undefined, out: [] },
];

/** A value by chance, with all kinds of characters. */
function anything(random: SeededRandom, depth = 3): unknown {
  const pick = Math.floor(random.next() * (depth > 0 ? 6 : 4));
  const text = () =>
    String.fromCharCode(
      ...Array.from({ length: 5 }, () =>
        Math.floor(random.next() ** 3 * 65_536),
      ),
    );
  const some = Array.from({ length: Math.floor(random.next() * 4) });
  switch (pick) {
    case 0:
      return random.next() * 10 ** Math.floor(random.next() * 40 - 20);
    case 1:
      return random.next() < 0.5;
    case 4:
      return some.map(() => anything(random, depth - 1));
    case 5:
      return Object.fromEntries(
        some.map(() => [text(), anything(random, depth - 1)]),
      );
    default:
      return text();
  }
}

describe('jsonBytes', () => {
  it.each(VALUES.map((value) => [value]))(
    'counts %j as it is sent',
    (value) => {
      expect(jsonBytes(value)).toBe(bytesOf(value));
    },
  );

  it('counts whatever it is given as it is sent', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 3000; round++) {
      const value = anything(random);
      expect(jsonBytes(value)).toBe(bytesOf(value));
    }
  });

  it('stops above the limit', () => {
    const large = Array.from({ length: 1000 }, () => 'é'.repeat(1000));
    expect(jsonBytes(large, 100)).toBeGreaterThan(100);
    expect(jsonBytes(large, 100)).toBeLessThan(4000);
    expect(jsonBytes(large, bytesOf(large))).toBe(bytesOf(large));
  });
});
