import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The sidebar: each page of the site by its file, which has to exist. A page in docs/ that is not in it stands
 * under "More".
 */
const SIDEBAR: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Start: {
    'docs/getting-started.md': 'Getting started',
    'docs/promises.md': 'What is promised',
    'docs/coming-from.md': 'Coming from Redis, NATS, Moleculer',
  },
  'The cloud': {
    'docs/configuration.md': 'Setting it up',
    'docs/discovery.md': 'How replicas find each other',
    'docs/messages.md': 'Messages',
    'docs/members.md': 'Members and events',
    'docs/keys.md': 'Keys and their owners',
    'docs/standalone.md': 'Without Nest',
  },
  Jobs: {
    'docs/jobs.md': 'Jobs that run once',
    'docs/cache.md': 'Caches',
    'docs/socket.io.md': 'Socket.IO',
    'docs/rooms.md': 'WebSockets and SSE',
    'docs/microservices.md': 'Microservices',
    'docs/throttler.md': 'Rate limits',
    'docs/graphql.md': 'GraphQL subscriptions',
    'docs/testing.md': 'Testing',
  },
  'In production': {
    'docs/operations.md': 'What to know',
    'deploy/README.md': 'Deployment to copy',
    'docs/nats.md': 'The same app on NATS',
    'docs/console.md': 'The console',
    'docs/command.md': 'The command',
    'docs/opentelemetry.md': 'Traces and metrics',
    'docs/terminus.md': 'Readiness',
    'docs/security.md': 'Security',
    'docs/performance.md': 'Performance',
  },
  Reference: {
    'docs/options.md': 'All options',
    'docs/PROTOCOL.md': 'The protocol',
    'docs/membership.md': 'Membership',
    'docs/transports.md': 'Transports',
    'docs/architecture.md': 'Architecture',
    'bench/README.md': 'How it is measured',
    'CONTRIBUTING.md': 'Contributing',
    'CHANGELOG.md': 'Changelog',
  },
};

const HOME = 'docs/index.md';

/** A page of the site: its Markdown in the repository, and its path without an extension. */
export interface Page {
  file: string;
  route: string;
  text: string;
}

/** Sections of the sidebar with their pages. @throws Error for a page that is listed and missing */
export function sections(): { text: string; pages: Page[] }[] {
  const listed = Object.entries(SIDEBAR).map(([text, pages]) => ({
    text,
    pages: Object.entries(pages).map(([file, title]) => pageOf(file, title)),
  }));
  const known = new Set(listed.flatMap(({ pages }) => pages.map(fileOf)));
  const others = readdirSync(join(ROOT, 'docs'))
    .map((name) => `docs/${name}`)
    .filter((file) => file.endsWith('.md') && file !== HOME && !known.has(file))
    .map((file) => pageOf(file, headingOf(file)));
  const examples = [
    'examples/README.md',
    ...readdirSync(join(ROOT, 'examples'))
      .map((name) => `examples/${name}/README.md`)
      .filter((file) => existsSync(join(ROOT, file)))
      .sort(),
  ].map((file) => pageOf(file, headingOf(file)));
  return [
    ...listed,
    { text: 'Examples', pages: examples },
    { text: 'More', pages: others },
  ].filter(({ pages }) => pages.length > 0);
}

/** All pages, the first one too. */
export function allPages(): Page[] {
  const home = { file: HOME, route: 'index', text: 'Home' };
  return [home, ...sections().flatMap(({ pages }) => pages)];
}

function pageOf(file: string, text: string): Page {
  if (!existsSync(join(ROOT, file))) {
    throw new Error(`${file} is in the sidebar and missing`);
  }
  const route = file
    .replace(/^docs\//, '')
    .replace(/\/README\.md$|\.md$/, '')
    .toLowerCase();
  return { file, route, text };
}

const fileOf = ({ file }: Page): string => file;

function headingOf(file: string): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return /^# (.*)$/m.exec(text)?.[1] ?? dirname(file);
}
