import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

interface NamedTest {
  file: string;
  /** Undefined: the file as a whole. */
  name: string | undefined;
}

/** Attacks of the threat model in docs/security.md, each with its tests. */
function readRows(): { attack: string; tests: NamedTest[] }[] {
  const text = readFileSync(new URL('docs/security.md', ROOT), 'utf8');
  const section = /## Threat model\n([^]*?)\n## /.exec(text)![1]!;
  return section
    .split('\n')
    .filter((line) => /^\| (?!attack |-)/.test(line))
    .map((line) => {
      const [, attack, , tests] = line.split('|').map((cell) => cell.trim());
      return { attack: attack!, tests: readTests(tests!) };
    });
}

/** A file, or a file and names that follow a colon; all of them between semicolons. */
function readTests(cell: string): NamedTest[] {
  const tests: NamedTest[] = [];
  let file = '';
  for (const part of cell.split('; ')) {
    const found = /^`([^`]+)`(?:: (.*))?$/.exec(part);
    if (found) file = found[1]!.replace(/^(?!src\/)/, 'test/');
    tests.push({ file, name: found ? found[2] : part });
  }
  return tests;
}

/** What stands between quotes in the file, in the place of the name. */
function pattern(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^[^/]*['"\`].*${escaped.replaceAll('…', '.+')}`, 'm');
}

const rows = readRows();

it('has a row for each attack', () => {
  expect(rows.length).toBeGreaterThan(45);
});

it.each(rows)('has tests that exist: $attack', ({ tests }) => {
  for (const { file, name } of tests) {
    expect(existsSync(new URL(file, ROOT)), file).toBe(true);
    if (name !== undefined) {
      expect(readFileSync(new URL(file, ROOT), 'utf8')).toMatch(pattern(name));
    }
  }
});

it.each(rows)('has a test over the network: $attack', ({ tests }) => {
  const files = tests.map(({ file }) => file);
  expect(files).toContainEqual(expect.stringMatching(/^test\/(e2e|fuzz)\//));
});
