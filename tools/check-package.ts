import { execFile } from 'node:child_process';
import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const folder = await mkdtemp(join(tmpdir(), 'package-check-'));
try {
  const tarball = await pack();
  await install(tarball);
  await cp(FIXTURES, folder, { recursive: true });
  await copyReadme();
  await step('import from ESM', () => node('esm.mjs'));
  await step('require from CommonJS', () => node('cjs.cjs'));
  await step('types, in ESM and CommonJS', () => node(TSC, '-p', '.'));
  await step('a small app', () => node('app.mjs'));
  await step('a CommonJS consumer', () => node('consumer.cjs'));
  for (const example of await exampleNames()) {
    await step(`build ${example} as a reader would`, () => build(example));
  }
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
  await step(`pack ${paths.length} files`, () => checkContents(paths));
  return join(folder, packed!.filename);
}

/** What a user needs is there, and nothing else. */
function checkContents(paths: readonly string[]): void {
  for (const needed of [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'docs/options.md',
    'bench/results.svg',
    'SECURITY.md',
    'dist/bundle/index.js',
    'dist/index.d.ts',
    'dist/bundle/standalone/index.js',
    'dist/standalone/index.d.ts',
  ]) {
    if (!paths.includes(needed)) {
      throw new Error(`the tarball has no ${needed}`);
    }
  }
  const allowed =
    /^(dist\/.*(?<!\.spec)(\.js|(?<!\.spec)\.d\.ts)|(docs|bench)\/\w+\.md|bench\/results\.svg|package\.json|[A-Z]+(\.md)?)$/;
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

/** Its whole modules of TypeScript, to be compiled with the rest; tests in it need more than is installed. */
async function copyReadme(): Promise<void> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([^]*?)```/g)]
    .map(([, code]) => code!)
    .filter((code) => code.startsWith('import') && !code.includes('it('));
  for (const [index, code] of blocks.entries()) {
    await writeFile(join(folder, `readme-${index}.mts`), code);
  }
}

async function exampleNames(): Promise<string[]> {
  const names = await readdir(join(ROOT, 'examples'));
  return names.filter((name) => /^\d\d-/.test(name));
}

/** Its own tsconfig, against the installed package. */
async function build(example: string): Promise<void> {
  const copy = join(folder, example);
  await cp(join(ROOT, 'examples', example), copy, { recursive: true });
  await node(TSC, '-p', example);
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
