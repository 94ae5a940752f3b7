import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { type Page, ROOT } from './pages.js';

/** The anchors of headings as GitHub makes them, so that a link works there and here. */
export function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/**
 * Links are written as they work in the repository. To pages of the site they become links of the site, to
 * other files links to the repository at its host.
 */
export function repositoryLinks(
  md: MarkdownRenderer,
  pages: readonly Page[],
  repository: string,
): void {
  const routes = new Map(pages.map(({ file, route }) => [file, route]));
  md.core.ruler.push('repository-links', (state) => {
    const { realPath, path } = state.env as { realPath?: string; path: string };
    for (const token of state.tokens.flatMap(
      ({ children }) => children ?? [],
    )) {
      const href = token.type === 'link_open' && token.attrGet('href');
      if (href && !/^([a-z]+:|#|\/)/.test(href)) {
        const file = realPath ?? path;
        token.attrSet('href', target(file, href, routes, repository));
      }
    }
  });
}

/** @throws Error for a link to what is not there */
function target(
  file: string,
  href: string,
  routes: ReadonlyMap<string, string>,
  repository: string,
): string {
  const [path, hash] = href.split('#') as [string, string?];
  const absolute = resolve(dirname(file), decodeURI(path));
  if (!existsSync(absolute)) {
    throw new Error(`dead link in ${relative(ROOT, file)}: ${href}`);
  }
  const isFolder = statSync(absolute).isDirectory();
  const inside = relative(ROOT, absolute);
  const route = routes.get(isFolder ? join(inside, 'README.md') : inside);
  const base =
    route === undefined
      ? `${repository}/${isFolder ? 'tree' : 'blob'}/main/${inside}`
      : `/${route}`;
  return hash === undefined ? base : `${base}#${hash}`;
}

/**
 * The anchors of all links within the site.
 *
 * @throws Error that lists those that are not there
 */
export async function checkAnchors(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter(
    (name) => name.endsWith('.html') && !name.startsWith('api'),
  );
  const texts = new Map<string, string>(
    await Promise.all(
      names.map(
        async (name) =>
          [`/${name}`, await readFile(join(folder, name), 'utf8')] as const,
      ),
    ),
  );
  const dead: string[] = [];
  for (const [name, text] of texts) {
    for (const [, path, id] of text.matchAll(
      /<a [^>]*href="(\/[^"#]*)?#([^"]+)"/g,
    )) {
      const there = texts.get(path ?? name);
      if (!there?.includes(` id="${decodeURIComponent(id!)}"`)) {
        dead.push(`${name}: ${path ?? ''}#${id}`);
      }
    }
  }
  if (dead.length > 0) {
    throw new Error(`dead anchors:\n  ${dead.join('\n  ')}`);
  }
}
