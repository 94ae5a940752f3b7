import { cpSync, existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { defineConfig } from 'rolldown';

const integrations = readdirSync('dist/integrations').map((name) => [
  `integrations/${name}/index`,
  `dist/integrations/${name}/index.js`,
]);

/** Hands over what the compiler says of its own output, so that the bundle's map leads to the sources. */
const sourceMaps = {
  name: 'source-maps',
  async load(id) {
    const [code, map] = await Promise.all(
      [id, `${id}.map`].map((file) => readFile(file, 'utf8')),
    );
    return { code, map };
  },
};

/** What a browser gets stands beside the code that sends it. */
const pages = {
  name: 'pages',
  writeBundle() {
    for (const [entry] of integrations) {
      const page = entry.replace(/index$/, 'page');
      if (existsSync(`dist/${page}`)) {
        cpSync(`dist/${page}`, `dist/bundle/${page}`, { recursive: true });
      }
    }
  },
};

const common = {
  external: /^[^./]/,
  platform: 'node',
  logLevel: 'warn',
};

/**
 * One file for each entry, and `core.js` for what they share: an app that imports the package reads three
 * files and not over two hundred, which is most of what the module costs at start-up.
 */
const library = defineConfig({
  ...common,
  input: {
    index: 'dist/index.js',
    'standalone/index': 'dist/standalone/index.js',
    'testing/index': 'dist/testing/index.js',
    ...Object.fromEntries(integrations),
  },
  plugins: [sourceMaps, pages],
  output: {
    dir: 'dist/bundle',
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: [
        {
          name: 'core',
          test: /\/dist\/(?!standalone\/|integrations\/|testing\/)/,
        },
      ],
    },
  },
});

/** The command by itself, without Nest: it is there in a moment, and a completion may call it. */
const command = defineConfig({
  ...common,
  input: { 'cli/bin': 'dist/cli/bin.js' },
  plugins: [sourceMaps],
  output: { dir: 'dist/bundle', format: 'esm', sourcemap: true },
});

export default [library, command];
