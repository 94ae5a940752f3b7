import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LINES_OF_A_FILE = 450;
const FILES_OF_A_FOLDER = 14;
/** Without what is built on the module: integrations, test kit, command and observers. */
const FILES_OF_THE_MODULE = 240;

/** Product files of the package, by path, with their text. */
const files = new Map(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?!.*testing-support).*(?<!\.spec)\.ts$/.test(path))
    .map((path) => [path, readFileSync(join('src', path), 'utf8')]),
);

it(`no product file is longer than ${LINES_OF_A_FILE} lines`, () => {
  const long = [...files].filter(
    ([, text]) => text.split('\n').length > LINES_OF_A_FILE + 1,
  );
  expect(files.size).toBeGreaterThan(100);
  expect(long.map(([path]) => path)).toEqual([]);
});

it(`no folder has more than ${FILES_OF_A_FOLDER} product files`, () => {
  const counts = new Map<string, number>();
  for (const path of files.keys()) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  const full = [...counts].filter(([, count]) => count > FILES_OF_A_FOLDER);
  expect(full).toEqual([]);
});

it(`the module has at most ${FILES_OF_THE_MODULE} product files`, () => {
  const module = [...files.keys()].filter(
    (path) => !/^(integrations|testing|cli|observe)\//.test(path),
  );
  expect(module.length).toBeLessThanOrEqual(FILES_OF_THE_MODULE);
});

/** What the linter's rule does not see: `import type` counts here as well. */
it('no files import each other in a circle', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (!done.has(path)) {
      for (const next of importsOf(path)) {
        visit(next, [...trail, path]);
      }
      done.add(path);
    }
  };
  for (const path of files.keys()) {
    visit(path, []);
  }
  expect(circles).toEqual([]);
});

function importsOf(path: string): string[] {
  return [...files.get(path)!.matchAll(/from '(\.[^']+)\.js'/g)]
    .map(([, target]) => `${join(dirname(path), target!)}.ts`)
    .filter((target) => files.has(target));
}
