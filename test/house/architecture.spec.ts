import { readdirSync, readFileSync } from 'node:fs';

const text = readFileSync('docs/architecture.md', 'utf8');
const files = readdirSync('src', { recursive: true, encoding: 'utf8' });

/** Each `file: function(), function()` of the page, function by function. */
const steps = [...text.matchAll(/`([\w./-]+\.ts)(?:: ([^`]+))?`/g)].flatMap(
  ([, file, functions = '']) =>
    functions.split(', ').map((name) => ({ file: file!, name })),
);

it('docs/architecture.md has flows', () => {
  expect(steps.length).toBeGreaterThan(50);
});

it.each(steps)('$file $name of docs/architecture.md is there', (step) => {
  const path = files.find((each) => `/${each}`.endsWith(`/${step.file}`));
  expect(path).toBeDefined();
  const source = readFileSync(`src/${path}`, 'utf8');
  const [, owner = '', name = ''] =
    /^(?:(\w+)\.)?(#?\w+)\(\)$/.exec(step.name) ?? [];
  expect(source).toContain(owner);
  expect(source).toContain(name);
});
