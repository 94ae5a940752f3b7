import {
  expectTests,
  readTable,
  readTests,
} from '../../support/named-tests.js';

const SECTIONS = [
  'Members',
  'Messages',
  'Keys, jobs, caches and limits',
  'Sockets',
  'Security',
];

describe('docs/promises.md', () => {
  it.each(SECTIONS)('names tests that exist: %s', (section) => {
    const rows = readTable('docs/promises.md', section);
    expect(rows.length).toBeGreaterThan(2);
    for (const [promise, cell] of rows) {
      const tests = readTests(cell!, 'test/');
      expect(tests, promise).not.toEqual([]);
      expect(
        tests.every(({ name }) => name !== undefined),
        promise,
      ).toBe(true);
      expectTests(tests);
    }
  });
});
