import { writeFile } from 'node:fs/promises';
import { optionsPage } from './options-page.js';

await writeFile('docs/options.md', await optionsPage());
