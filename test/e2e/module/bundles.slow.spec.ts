import { execFile } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build as bundle, type Plugin } from 'esbuild';
import { usePrograms } from '../../support/programs.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What a project has that uses the package, beside an adapter. */
const INSTALLED = [
  '@nestjs/axios',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/schedule',
  'axios',
  'class-transformer',
  'class-validator',
  'cron',
  'reflect-metadata',
  'rxjs',
  'undici',
];

const APP = 'test/e2e/module/programs/bundled.ts';

const EXPRESS = '@nestjs/platform-express';
const FASTIFY = '@nestjs/platform-fastify';

const ADAPTERS: Record<string, string> = {
  [EXPRESS]: 'ExpressAdapter',
  [FASTIFY]: 'FastifyAdapter',
};

/** Nest's own packages import more than they need, and a project says so to its bundler. */
const leaveOutWhatNestMisses: Plugin = {
  name: 'what Nest imports if it is there',
  setup: (build) =>
    build.onResolve(
      {
        filter:
          /^(@nestjs\/(websockets|microservices|platform-express)|@fastify\/(static|view|multipart))/,
      },
      ({ path, importer }) =>
        importer.includes('node_modules/@nestjs/')
          ? { path, external: true }
          : undefined,
    ),
};

const programs = usePrograms(APP);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Bundles an app with everything that is installed, and runs the one file that comes out of it. */
async function bundleAndRun(
  installed: string[],
  used: string | undefined,
  mode: 'mounted' | 'listener',
): Promise<string> {
  for (const name of [...INSTALLED, ...installed]) {
    const place = join(folder, 'node_modules', name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), place);
  }
  await copyFile(programs(APP), join(folder, 'app.js'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(folder, 'main.js'),
    used
      ? `import { ${ADAPTERS[used]} } from '${used}';
import { run } from './app.js';
await run(new ${ADAPTERS[used]}(), '${mode}');`
      : `import { run } from './app.js';
await run(undefined, '${mode}');`,
  );
  const outfile = join(folder, 'bundle.mjs');
  await bundle({
    entryPoints: [join(folder, 'main.js')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'silent',
    // What is CommonJS of the packages asks for Node's own modules.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
    },
    plugins: [leaveOutWhatNestMisses],
  });
  await rm(join(folder, 'node_modules'), { recursive: true });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile]);
  return stdout;
}

describe('a full bundle', () => {
  it.each([
    ['mounted', [EXPRESS], EXPRESS],
    ['mounted', [FASTIFY], FASTIFY],
    ['listener', [EXPRESS, FASTIFY], FASTIFY],
    ['listener', [FASTIFY], undefined],
    ['listener', [EXPRESS], undefined],
  ] as const)(
    'works %s, with %s installed and %s in use',
    async (mode, installed, used) => {
      expect(await bundleAndRun([...installed], used, mode)).toBe(
        'answered 200\n',
      );
    },
  );

  it('says what to install where a listener has no adapter', async () => {
    await expect(bundleAndRun([], undefined, 'listener')).rejects.toThrow(
      /install @nestjs\/platform-express or @nestjs\/platform-fastify/,
    );
  });
});
