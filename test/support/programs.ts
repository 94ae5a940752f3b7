import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const ROOT = new URL('../../', import.meta.url);
const OUTPUT = new URL('.build/', ROOT);

/** Packages stay where they are; the compiler's own helpers come along. */
const PACKAGES = /^(?!@oxc-project\/)[^./\0]/;

/**
 * Bundles sources that the tests of a file run as processes of their own, before these tests, and
 * removes them afterwards.
 *
 * @param sources paths from the root of the repository, such as `test/interop/programs/nest.ts`
 * @returns the path of a source's program, once the tests run
 */
export function usePrograms<Source extends string>(
  ...sources: Source[]
): (source: Source) => string {
  let folder: string;

  beforeAll(async () => {
    await mkdir(OUTPUT, { recursive: true });
    folder = await mkdtemp(fileURLToPath(new URL('programs-', OUTPUT)));
    await build({
      cwd: fileURLToPath(ROOT),
      input: Object.fromEntries(
        sources.map((source) => [source, source] as const),
      ),
      platform: 'node',
      tsconfig: 'tsconfig.json',
      external: PACKAGES,
      logLevel: 'warn',
      output: { dir: folder, format: 'esm', entryFileNames: '[name].js' },
    });
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  return (source) => `${folder}/${source}.js`;
}
