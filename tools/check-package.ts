import { execFile, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Packs the package, installs it into an empty project, and uses it there in every way it can be imported. */

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = join(ROOT, 'tools/package-check');
const TSC = 'node_modules/typescript/bin/tsc';

/** What a new Nest app has, and what the peer dependencies ask for. */
const PACKAGES = [
  '@nestjs/axios@12',
  '@nestjs/common@12',
  '@nestjs/core@12',
  '@nestjs/platform-express@12',
  '@nestjs/schedule@12',
  '@types/node@20',
  'axios@1',
  'class-transformer@0.5',
  'class-validator@0.15',
  'reflect-metadata@0.2',
  'rxjs@7',
  'typescript@6',
];

const USUAL = PACKAGES.map((each) => each.slice(0, each.lastIndexOf('@')));

/** Pages whose code needs what every app has, and no more. */
const PAGES = [
  'README.md',
  'docs/configuration.md',
  'docs/discovery.md',
  'docs/keys.md',
  'docs/members.md',
  'docs/messages.md',
  'docs/standalone.md',
];

/** Where an integration's page has another name, and what its code needs beside the integration. */
const PAGE_OF: Record<string, { page: string; packages: string[] }> = {
  fences: { page: 'jobs', packages: ['pg@8', '@types/pg@8'] },
};

/** Packages that do not work without others, which npm installs beside them where it is left to itself. */
const NEEDS: Record<string, string[]> = {
  '@nestjs/platform-socket.io': ['@nestjs/websockets'],
};

const folder = await mkdtemp(join(tmpdir(), 'package-check-'));
try {
  const tarball = await pack();
  await install(tarball);
  await cp(FIXTURES, folder, { recursive: true });
  for (const page of PAGES) {
    await copyCode(page, folder);
  }
  await step('import from ESM', () => node('esm.mjs'));
  await step('require from CommonJS', () => node('cjs.cjs'));
  await step('types, in ESM and CommonJS', () => node(TSC, '-p', '.'));
  await step('a small app', () => node('app.mjs'));
  await step("the README's first app, twice, and the command", () =>
    greetings('README-0.mjs'),
  );
  for (const type of ['module', 'commonjs']) {
    await step(`the first path of the docs, as ${type}`, () => firstPath(type));
  }
  await step('a CommonJS consumer', () => node('consumer.cjs'));
  for (const example of await exampleNames()) {
    await step(`build ${example} as a reader would`, () => build(example));
  }
  for (const name of await integrationNames()) {
    await checkIntegration(name);
  }
  await checkTestKit();
  console.log('the package can be installed and used');
} catch (error) {
  const { message, stdout } = error as Error & { stdout?: string };
  console.error(`${message}\n${stdout ?? ''}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function pack(): Promise<string> {
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: ROOT },
  );
  const [packed] = Object.values(JSON.parse(stdout) as object) as {
    filename: string;
    files: { path: string }[];
  }[];
  const paths = packed!.files.map(({ path }) => path);
  const names = await integrationNames();
  await step(`pack ${paths.length} files`, () => checkContents(paths, names));
  return join(folder, packed!.filename);
}

/** What a user needs is there, and nothing else. */
function checkContents(
  paths: readonly string[],
  integrations: readonly string[],
): void {
  for (const needed of [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'docs/options.md',
    'bench/results.svg',
    'SECURITY.md',
    'deploy/README.md',
    'dist/bundle/integrations/console/page/index.html',
    'dist/bundle/cli/bin.js',
    'dist/bundle/index.js',
    'dist/bundle/index.d.ts',
    'dist/bundle/standalone/index.js',
    'dist/bundle/standalone/index.d.ts',
    'dist/bundle/testing/index.js',
    'dist/bundle/testing/index.d.ts',
    ...integrations.flatMap((name) => [
      `dist/bundle/integrations/${name}/index.js`,
      `dist/bundle/integrations/${name}/index.d.ts`,
    ]),
  ]) {
    if (!paths.includes(needed)) {
      throw new Error(`the tarball has no ${needed}`);
    }
  }
  const allowed =
    /^(dist\/bundle\/[\w/.-]+(\.js|\.js\.map|\.d\.ts)|dist\/bundle\/integrations\/console\/page\/[\w.]+|deploy\/[\w/.]+|(docs|bench)\/[\w.-]+\.md|bench\/results\.svg|package\.json|[A-Z]+(\.md)?)$/;
  const stray = paths.filter((path) => !allowed.test(path));
  if (stray.length > 0) {
    throw new Error(`the tarball should not have ${stray.join(', ')}`);
  }
}

async function install(tarball: string): Promise<void> {
  const description = { name: 'consumer', private: true };
  await writeFile(join(folder, 'package.json'), JSON.stringify(description));
  await step('install into an empty project', () =>
    run('npm', ['install', '--no-audit', '--no-fund', tarball, ...PACKAGES], {
      cwd: folder,
    }),
  );
}

/** A page's whole modules of TypeScript, to be compiled with the rest; tests in it need more than is installed. */
async function copyCode(page: string, project: string): Promise<void> {
  const text = await readFile(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)]
    .map(([, code]) => code!)
    .filter((code) => code.startsWith('import') && !code.includes('it('));
  for (const [index, code] of blocks.entries()) {
    const name = basename(page, '.md');
    await writeFile(join(project, `${name}-${index}.mts`), code);
  }
}

/** What docs/getting-started.md has its reader do in a new app, as far as it is about files. */
async function firstPath(type: string): Promise<void> {
  const text = await readFile(join(ROOT, 'docs/getting-started.md'), 'utf8');
  const files = [...text.matchAll(/^`src\/(.+?)`.*\n\n```ts\n([^]*?)```/gm)];
  const project = join(folder, `first-path-${type}`);
  await mkdir(project);
  await write(project, {
    'package.json': JSON.stringify({ type }),
    'tsconfig.json': `{ "extends": "../tsconfig.json", "include": ["*.ts"] }`,
    ...Object.fromEntries(files.map(([, name, code]) => [name, code!])),
  });
  await node(TSC, '-p', project);
  await greetings(`first-path-${type}/main.js`, [
    `first-path-${type}/app.module.js`,
  ]);
}

/**
 * Starts a program twice: both replicas greet the other, and log what it answers.
 * @param others files beside the program's own that name the port
 */
async function greetings(
  program: string,
  others: readonly string[] = [],
): Promise<void> {
  const port = await freePort();
  for (const name of [program, ...others]) {
    const file = join(folder, name);
    const code = await readFile(file, 'utf8');
    await writeFile(file, code.replaceAll('3000', String(port)));
  }
  const file = join(folder, program);
  const replicas = [String(port), '0'].map((PORT) =>
    spawn(process.execPath, [file], { env: { ...process.env, PORT } }),
  );
  try {
    await Promise.all(
      replicas.map(async ({ stdout }) => {
        stdout.setEncoding('utf8');
        for await (const text of on(stdout, 'data', {
          signal: AbortSignal.timeout(60_000),
        })) {
          if (String(text).includes('heard "hello" from')) {
            return;
          }
        }
      }),
    );
    await observe(port);
  } finally {
    replicas.forEach((replica) => replica.kill());
    await Promise.all(replicas.map((replica) => once(replica, 'exit')));
  }
}

/** The command, as npm has installed it. */
async function observe(port: number): Promise<void> {
  const command = join(folder, 'node_modules/.bin/nestjs-peercloud');
  const { stdout } = await run(command, [
    'members',
    '--json',
    '--peer',
    `127.0.0.1:${port}`,
  ]);
  const { members } = JSON.parse(stdout) as { members: object[] };
  if (members.length !== 2) {
    throw new Error(
      `the command shows ${members.length} members in place of 2`,
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function exampleNames(): Promise<string[]> {
  const names = await readdir(join(ROOT, 'examples'));
  return names.filter((name) => /^\d\d-/.test(name));
}

/** Its own tsconfig, against the installed package, and what it needs beyond that of every app. */
async function build(example: string): Promise<void> {
  const copy = join(folder, example);
  await cp(join(ROOT, 'examples', example), copy, { recursive: true });
  const file = join(copy, 'package.json');
  const text = await readFile(file, 'utf8');
  const { dependencies } = JSON.parse(text) as {
    dependencies: Record<string, string>;
  };
  const own = Object.entries(dependencies)
    .filter(([name]) => name !== 'nestjs-peercloud' && !USUAL.includes(name))
    .map(([name, range]) => `${name}@${range}`);
  if (own.length > 0) {
    await installBelow(copy, own);
    await writeFile(file, text);
  }
  await node(TSC, '-p', example);
}

async function integrationNames(): Promise<string[]> {
  return readdir(join(ROOT, 'src/integrations'));
}

/**
 * In a project below the first one: it has a copy of the package and the packages that the integration
 * itself imports, and finds above it what every app has. So it cannot lean on another integration's.
 */
async function checkIntegration(name: string): Promise<void> {
  const project = join(folder, 'integrations', name);
  const own = PAGE_OF[name];
  const peers = [...(await peersOf(name)), ...(own?.packages ?? [])];
  await mkdir(project, { recursive: true });
  await step(`install ${name} with ${peers.join(', ') || 'nothing else'}`, () =>
    installBelow(project, peers),
  );
  const entry = `nestjs-peercloud/${name}`;
  await write(project, {
    'esm.mjs': `import * as all from '${entry}';\nif (!Object.keys(all).length) throw new Error('no exports');`,
    'cjs.cjs': `if (!Object.keys(require('${entry}')).length) throw new Error('no exports');`,
    'types.mts': `export * from '${entry}';`,
    'types.cts': `export * from '${entry}';`,
    'tsconfig.json': `{ "extends": "../../tsconfig.json", "include": ["*.mts", "*.cts"] }`,
  });
  const page = `docs/${own?.page ?? name}.md`;
  if (existsSync(join(ROOT, page))) {
    await copyCode(page, project);
  }
  await step(`import ${name} from ESM and CommonJS`, async () => {
    await node(join(project, 'esm.mjs'));
    await node(join(project, 'cjs.cjs'));
  });
  await step(`types of ${name}, and the code of its page`, () =>
    node(TSC, '-p', project, '--noEmit'),
  );
}

/** The test kit, in the way that users have it: a test of an app under jest, in ESM and CommonJS. */
async function checkTestKit(): Promise<void> {
  const project = join(folder, 'testing');
  const packages = ['@nestjs/testing@12', 'jest@30'];
  await step(`install testing with ${packages.join(', ')}`, () =>
    installBelow(project, packages),
  );
  await write(project, {
    'types.mts': `export * from 'nestjs-peercloud/testing';`,
    'types.cts': `export * from 'nestjs-peercloud/testing';`,
    'tsconfig.json': `{ "extends": "../tsconfig.json", "include": ["*.mts", "*.cts"] }`,
  });
  await step('types of testing', () => node(TSC, '-p', project, '--noEmit'));
  await step('a partition and a kill in a test of jest', () =>
    run(
      process.execPath,
      [
        '--experimental-vm-modules',
        'node_modules/jest/bin/jest.js',
        '--runInBand',
        '--testTimeout=60000',
      ],
      { cwd: project, timeout: 300_000 },
    ),
  );
}

async function installBelow(
  project: string,
  peers: readonly string[],
): Promise<void> {
  await write(project, { 'package.json': '{ "private": true }' });
  if (peers.length > 0) {
    const options = ['--no-audit', '--no-fund', '--legacy-peer-deps'];
    await run('npm', ['install', ...options, ...peers], { cwd: project });
  }
  const copy = 'node_modules/nestjs-peercloud';
  await cp(join(folder, copy), join(project, copy), { recursive: true });
}

/** The packages that an integration imports beside those of every app, as package.json asks for them. */
async function peersOf(name: string): Promise<string[]> {
  const { dependencies, peerDependencies } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
  const imports = await importsOf(name);
  const wanted = [
    ...new Set(imports.flatMap((each) => [each, ...(NEEDS[each] ?? [])])),
  ].filter((each) => !USUAL.includes(each) && !(each in dependencies));
  return wanted.map((each) => {
    const range = peerDependencies[each];
    if (range === undefined) {
      throw new Error(`${name} imports ${each}, which is no peer dependency`);
    }
    return `${each}@${range}`;
  });
}

/** Packages in the code and in the types of an integration. */
async function importsOf(name: string): Promise<string[]> {
  const texts = await Promise.all(
    ['index.js', 'index.d.ts'].map((file) =>
      readFile(join(ROOT, 'dist/bundle/integrations', name, file), 'utf8'),
    ),
  );
  const specifiers = texts.flatMap((text) =>
    [...text.matchAll(/(?:from|import\() ?["']([^."'][^"']*)["']/g)].map(
      ([, specifier]) => specifier!.match(/^(@[^/]+\/)?[^/]+/)![0],
    ),
  );
  return [...new Set(specifiers)].filter(
    (each) =>
      each !== 'nestjs-peercloud' &&
      !each.startsWith('node:') &&
      !builtinModules.includes(each),
  );
}

async function write(
  project: string,
  files: Record<string, string>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(project, name), text);
  }
}

function node(...args: string[]): Promise<unknown> {
  return run(process.execPath, args, { cwd: folder, timeout: 120_000 });
}

async function step(name: string, work: () => unknown): Promise<void> {
  const started = performance.now();
  await work();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`ok   ${name} (${seconds} s)`);
}
