import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor';
import { existsSync } from 'node:fs';
import {
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Rolls the declarations of each entry of the package into one file beside its bundle, without what is
 * `@internal`, and compares the public surface with the reports in `api/`; `--update` writes these.
 * A type that a public one refers to and that is not exported is an error.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NAME = 'nestjs-peercloud';
/** A link to `dist` where other packages are, so that an entry that imports another one does not include it. */
const INSTALLED = join(ROOT, '.build/api/node_modules', NAME);
const update = process.argv.includes('--update');

/** `index`, `standalone/index`, `integrations/cache/index`, …: what package.json exports. */
async function entryNames(): Promise<string[]> {
  const folders = ['standalone', 'testing'];
  for (const name of await readdir(join(ROOT, 'dist/integrations'))) {
    folders.push(`integrations/${name}`);
  }
  return ['index', ...folders.map((folder) => `${folder}/index`)].filter(
    (entry) => existsSync(join(ROOT, `dist/${entry}.d.ts`)),
  );
}

/** What an entry is imported as. */
function specifierOf(entry: string): string {
  const path = entry.replace(/^integrations\//, '').replace(/\/?index$/, '');
  return path === '' ? NAME : `${NAME}/${path}`;
}

/**
 * Lets the other entries import the main one, and each other, by name, so that a class has one
 * declaration in all of them.
 */
async function importByName(entries: readonly string[]): Promise<void> {
  for (const entry of entries.filter((each) => each !== 'index')) {
    const folder = join(ROOT, 'dist', dirname(entry));
    for (const name of await readdir(folder, { recursive: true })) {
      if (name.endsWith('.d.ts')) {
        await rewriteImports(join(folder, name), entry, entries);
      }
    }
  }
}

async function rewriteImports(
  file: string,
  own: string,
  entries: readonly string[],
): Promise<void> {
  const text = await readFile(file, 'utf8');
  const rewritten = text.replace(
    /(from |import\()(['"])(\.[^'"]+)\.js\2/g,
    (whole, before: string, quote: string, path: string) => {
      const target = relative(join(ROOT, 'dist'), resolve(dirname(file), path));
      return target !== own && entries.includes(target)
        ? `${before}${quote}${specifierOf(target)}${quote}`
        : whole;
    },
  );
  await writeFile(file, rewritten);
}

function configOf(entry: string): ExtractorConfig {
  const report = specifierOf(entry).replace('/', '-');
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(ROOT, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(ROOT, `dist/${entry}.d.ts`),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            target: 'es2023',
            strict: true,
            skipLibCheck: true,
            types: ['node'],
            paths: {
              [NAME]: [`${INSTALLED}/index.d.ts`],
              [`${NAME}/*`]: [
                `${INSTALLED}/*/index.d.ts`,
                `${INSTALLED}/integrations/*/index.d.ts`,
              ],
            },
          },
          files: [`dist/${entry}.d.ts`],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${report}.api.md`,
        reportFolder: join(ROOT, 'api'),
        reportTempFolder: join(ROOT, '.build/api'),
      },
      dtsRollup: {
        enabled: true,
        untrimmedFilePath: '',
        publicTrimmedFilePath: join(ROOT, `dist/bundle/${entry}.d.ts`),
      },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
        },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          // Everything is public that is not @internal.
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
        },
        // The comments are read by people and editors, which need no hyphens.
        tsdocMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
        },
      },
    },
  });
}

/** True if the surface is that of the report. */
function extract(entry: string, compilerState: CompilerState): boolean {
  const { errorCount, apiReportChanged } = Extractor.invoke(configOf(entry), {
    compilerState,
    localBuild: update,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) {
        console.error(`${specifierOf(entry)}: ${message.text}`);
      }
    },
  });
  if (apiReportChanged && !update) {
    console.error(
      `${specifierOf(entry)}: the public surface is not that of api/: if that is meant, write it down by npm run api:update`,
    );
  }
  return errorCount === 0 && (update || !apiReportChanged);
}

const entries = await entryNames();
await importByName(entries);
await mkdir(dirname(INSTALLED), { recursive: true });
await rm(INSTALLED, { force: true });
await symlink(join(ROOT, 'dist'), INSTALLED, 'junction');
await mkdir(join(ROOT, 'api'), { recursive: true });
const state = CompilerState.create(configOf('index'), {
  additionalEntryPoints: entries.map((entry) =>
    join(ROOT, `dist/${entry}.d.ts`),
  ),
});
const results = entries.map((entry) => extract(entry, state));
if (results.includes(false)) {
  process.exitCode = 1;
} else {
  console.log(`declarations of ${entries.length} entries in dist/bundle`);
}
