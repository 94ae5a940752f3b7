import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The app's own tests, as `npm test` of the example has them. */
const file = fileURLToPath(new URL('./src/settings.test.js', import.meta.url));
const tests = spawn(process.execPath, ['--test', file], { stdio: 'inherit' });
const [code] = (await once(tests, 'exit')) as [number | null];
process.exit(code ?? 1);
