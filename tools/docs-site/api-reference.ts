import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Application } from 'typedoc';
import { ROOT } from './pages.js';

/**
 * Writes the reference of everything public into a folder of the site.
 *
 * @throws Error where typedoc finds something wrong
 */
export async function writeApiReference(folder: string): Promise<void> {
  const integrations = await readdir(join(ROOT, 'src/integrations'));
  const entries = [
    'index.ts',
    'standalone/index.ts',
    'testing/index.ts',
    ...integrations.map((name) => `integrations/${name}/index.ts`),
  ];
  const app = await Application.bootstrap({
    name: 'nestjs-peercloud',
    entryPoints: entries.map((file) => join(ROOT, 'src', file)),
    tsconfig: join(ROOT, 'tsconfig.build.json'),
    basePath: join(ROOT, 'src'),
    readme: 'none',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    skipErrorChecking: true,
    hideGenerator: true,
    favicon: join(ROOT, 'src/integrations/console/page/console.svg'),
    navigationLinks: { Guide: '../' },
    logLevel: 'Warn',
  });
  const project = await app.convert();
  if (!project) {
    throw new Error('typedoc found nothing to describe');
  }
  for (const module of project.children ?? []) {
    const path = module.name.replace(/^(index|integrations\/)/, '');
    module.name = ['nestjs-peercloud', path].filter(Boolean).join('/');
  }
  await app.generateDocs(project, folder);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('typedoc has complaints');
  }
}
