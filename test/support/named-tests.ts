import { existsSync, readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);

/** A test that a page of the documentation names. */
export interface NamedTest {
  file: string;
  /** Undefined: the file as a whole. */
  name: string | undefined;
}

/** The cells of the tables under a heading, row by row, without their heads. */
export function readTable(page: string, heading: string): string[][] {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  const [, after = ''] = text.split(`\n## ${heading}\n`);
  const [section = ''] = after.split('\n## ');
  const isRow = (line = '') => /^\| (?!-)/.test(line);
  const isRule = (line = '') => line.startsWith('| -');
  return section
    .split('\n')
    .filter((line, at, lines) => isRow(line) && !isRule(lines[at + 1]))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/**
 * A file, or a file and names that follow a colon; all of them between semicolons.
 * @param folder under which the files without a folder stand, at any depth
 */
export function readTests(cell: string, folder: string): NamedTest[] {
  const tests: NamedTest[] = [];
  let file = '';
  for (const part of cell.split('; ')) {
    const found = /^`([^`]+)`(?:: (.*))?$/.exec(part);
    if (found) {
      file = locate(found[1]!, folder);
    }
    tests.push({ file, name: found ? found[2] : part });
  }
  return tests;
}

function locate(file: string, folder: string): string {
  if (/^(src|test)\//.test(file)) {
    return file;
  }
  const files = readdirSync(new URL(folder, ROOT), {
    recursive: true,
    encoding: 'utf8',
  });
  const found = files.find((path) => `/${path}`.endsWith(`/${file}`));
  return folder + (found ?? file);
}

/** Fails where a file, or a test of that name in it, does not exist. */
export function expectTests(tests: readonly NamedTest[]): void {
  for (const { file, name } of tests) {
    expect(existsSync(new URL(file, ROOT)), file).toBe(true);
    if (name !== undefined) {
      expect(readFileSync(new URL(file, ROOT), 'utf8')).toMatch(pattern(name));
    }
  }
}

/** The name, or a part of it, as the first of several arguments: where a test has its name. */
function pattern(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const part = escaped.replaceAll('…', '.+');
  return new RegExp(`^(?! *//)(?:.*\\()? *(['"\`]).*${part}.*\\1,`, 'm');
}
