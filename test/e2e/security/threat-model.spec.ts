import {
  expectTests,
  readTable,
  readTests,
} from '../../support/named-tests.js';

/** Attacks of the threat model in docs/security.md, each with its tests. */
const rows = readTable('docs/security.md', 'Threat model').map(
  ([attack, , tests]) => ({
    attack: attack!,
    tests: readTests(tests!, 'test/'),
  }),
);

it('has a row for each attack', () => {
  expect(rows.length).toBeGreaterThan(45);
});

it.each(rows)('has tests that exist: $attack', ({ tests }) => {
  expectTests(tests);
});

it.each(rows)('has a test over the network: $attack', ({ tests }) => {
  const files = tests.map(({ file }) => file);
  expect(files).toContainEqual(expect.stringMatching(/^test\/(e2e|fuzz)\//));
});
