import { readFile } from 'node:fs/promises';
import { resolvePeerCloudOptions } from '../../../src/options/resolve-options.js';
import {
  defaultText,
  describedOptions,
  optionsPage,
} from '../../../tools/options-page.js';

/** What the core is told by options of other sections. */
const ELSEWHERE = [
  'seeds',
  'requestTimeout',
  'maxPeers',
  'probeInterval',
  'maxDataBytes',
  'limits',
];

it('docs/options.md has every nested option', async () => {
  const text = await readFile('docs/options.md', 'utf8');
  const options = resolvePeerCloudOptions({ listener: {} });
  const { listener, membership, messaging, limits } = options;
  const names = [listener!, membership, messaging, messaging.stream, limits]
    .flatMap((section) => Object.keys(section))
    .filter((name) => !ELSEWHERE.includes(name));
  expect(names.filter((name) => !text.includes(`| \`${name}\``))).toEqual([]);
});

it('docs/options.md is what `npm run docs:options` writes', async () => {
  const text = await readFile('docs/options.md', 'utf8');
  expect(text).toBe(await optionsPage());
});

it('every option is described, and the default that its comment names is the one of the table', async () => {
  const wrong = (await describedOptions())
    .map(({ path, text, rule, defaultValue }) => ({
      path,
      hasText: text !== '',
      defaultValue,
      expected: defaultText(rule) ?? defaultValue,
    }))
    .filter((each) => !each.hasText || each.defaultValue !== each.expected);
  expect(wrong).toEqual([]);
});

it('the README names the defaults of the table', async () => {
  const readme = await readFile('README.md', 'utf8');
  const wrong = (await describedOptions()).filter(({ path, rule }) => {
    const row = new RegExp(`^\\| \`${path}\` .*`, 'm').exec(readme)?.[0];
    const number = defaultText(rule)?.split(' ')[0];
    return row && rule.type === 'integer' && !row.includes(` ${number} `);
  });
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
