import { readdirSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const integrations = readdirSync('dist/integrations').map((name) => [
  `integrations/${name}/index`,
  `dist/integrations/${name}/index.js`,
]);

/**
 * One file for each entry, and one for what they share: an app that imports the package reads three
 * files and not over two hundred, which is most of what the module costs at start-up.
 */
export default defineConfig({
  input: {
    index: 'dist/index.js',
    'standalone/index': 'dist/standalone/index.js',
    ...Object.fromEntries(integrations),
  },
  external: /^[^./]/,
  platform: 'node',
  logLevel: 'warn',
  output: { dir: 'dist/bundle', format: 'esm' },
});
