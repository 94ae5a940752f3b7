import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { slugify } from '../../../tools/docs-site/links.js';

/** Pages that are none of the site's, whose links its build does not see. */
it.each(['README.md', 'SECURITY.md'])('links of %s lead somewhere', (page) => {
  const text = readFileSync(page, 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  const dead = links.filter(([, path, hash]) => {
    const file = path === '' ? page : join(dirname(page), path!);
    return !existsSync(file) || (hash && !anchorsOf(file).includes(hash));
  });
  expect(dead.map(([link]) => link)).toEqual([]);
});

function anchorsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading]) => slugify(heading!));
}
