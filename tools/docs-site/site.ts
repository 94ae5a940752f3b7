import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitepress';
import { writeApiReference } from './api-reference.js';
import { checkAnchors, repositoryLinks, slugify } from './links.js';
import { allPages, type Page, ROOT, sections } from './pages.js';

const { description, homepage } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as { description: string; homepage: string };
const repository = homepage.replace(/#.*/, '');

const icon = readFileSync(
  join(ROOT, 'src/integrations/console/page/console.svg'),
  'utf8',
);

const pages = allPages();

/** Pages whose tables need the room of the outline. */
const WIDE = ['docs/configuration.md', 'docs/membership.md', 'docs/options.md'];

/** The site of the documentation: pages of this repository as they are. */
export default defineConfig({
  title: 'nestjs-peercloud',
  description,
  head: [
    [
      'link',
      { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` },
    ],
  ],
  srcDir: '..',
  srcExclude: notPages(),
  rewrites: Object.fromEntries(
    pages.map(({ file, route }) => [file, `${route}.md`]),
  ),
  markdown: {
    anchor: { slugify },
    headers: { slugify },
    toc: { slugify },
    config: (md) => repositoryLinks(md, pages, repository),
  },
  transformPageData({ filePath, frontmatter }) {
    return WIDE.includes(filePath)
      ? { frontmatter: { ...frontmatter, aside: false } }
      : undefined;
  },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'Promises', link: '/promises' },
      { text: 'API', link: '/api/', target: '_self' },
    ],
    sidebar: sections().map(({ text, pages: inSection }) => ({
      text,
      collapsed: ['Examples', 'Reference'].includes(text),
      items: inSection.map(({ text: title, route }: Page) => ({
        text: title,
        link: `/${route}`,
      })),
    })),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
  },
  async buildEnd({ outDir }) {
    await checkAnchors(outDir);
    await writeApiReference(join(outDir, 'api'));
  },
});

/** Everything below the root that is no page of the site. */
function notPages(): string[] {
  const files = new Set(pages.map(({ file }) => file));
  const folders = new Set(pages.map(({ file }) => dirname(file)));
  const others = [...folders].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .map((name) => join(folder, name))
      .filter((path) => path.endsWith('.md') && !files.has(path)),
  );
  const elsewhere = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !hasPages(entry.name, folders))
    .map(({ name }) => `${name}/**`);
  return [...others, ...elsewhere];
}

function hasPages(top: string, folders: ReadonlySet<string>): boolean {
  return [...folders].some((folder) => folder.split('/')[0] === top);
}
