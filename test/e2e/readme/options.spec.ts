import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
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

it('docs/configuration.md names the defaults of the table', async () => {
  const page = await readFile('docs/configuration.md', 'utf8');
  const wrong = (await describedOptions()).filter(({ path, rule }) => {
    const row = new RegExp(`^\\| \`${path}\` .*`, 'm').exec(page)?.[0];
    const number = defaultText(rule)?.split(' ')[0];
    return row && rule.type === 'integer' && !row.includes(` ${number} `);
  });
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

it.each([
  'docs/configuration.md',
  'examples/01-two-peers/src/app.module.ts',
  'examples/02-cache-invalidation/src/app.module.ts',
])('the peers of the environment in %s may be empty or unset', async (file) => {
  const text = await readFile(file, 'utf8');
  const expression =
    /process\.env\.PEERS[^,\n]*\(','\)(\.filter\(Boolean\))?/.exec(text)![0];
  const peersOf = (PEERS: string | undefined) =>
    resolvePeerCloudOptions({
      peers: Array.from(
        (runInNewContext(expression, { process: { env: { PEERS } } }) as
          string[] | undefined) ?? [],
      ),
    }).peers;
  expect(peersOf('')).toEqual([]);
  expect(peersOf(undefined)).toEqual([]);
  expect(peersOf('a:1,b:2')).toHaveLength(2);
});
