import { readFile } from 'node:fs/promises';
import { resolvePeerCloudOptions } from '../../../src/options/resolve-options.js';

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
