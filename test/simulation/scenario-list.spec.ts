import { expectTests, readTable, readTests } from '../support/named-tests.js';

/** Scenarios in docs/membership.md, each with its tests. */
const rows = readTable(
  'docs/membership.md',
  'Scenarios of others, and the tests here',
).map(([scenario, tests]) => ({
  scenario: scenario!,
  tests: readTests(tests!, 'src/membership/core/'),
}));

it('has a row for each group of scenarios', () => {
  expect(rows.length).toBeGreaterThan(20);
});

it.each(rows)('names tests that exist: $scenario', ({ tests }) => {
  expect(tests.some(({ name }) => name !== undefined)).toBe(true);
  expectTests(tests);
});
