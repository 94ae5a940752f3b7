import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Runs `run.js` of each example whose name starts with the argument; all of them without one. */
const examples = new URL('../examples/', import.meta.url);
const wanted = process.argv[2] ?? '';
const names = (await readdir(examples))
  .filter((name) => /^\d\d-/.test(name) && name.startsWith(wanted))
  .sort();
if (names.length === 0) {
  throw new Error(`no example starts with "${wanted}"`);
}

for (const name of names) {
  console.log(`\n${name}`);
  const program = fileURLToPath(new URL(`${name}/run.js`, examples));
  const child = spawn(process.execPath, [program], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    console.error(`${name} failed`);
    process.exit(1);
  }
}
console.log(`\n${names.length} examples did what they promise`);
