import { converse } from './conversation.js';
import { startHost } from './host.js';
import { heading, paint } from './screen.js';
import { Show } from './show.js';

const once = process.argv.includes('--once') || !process.stdin.isTTY;

/** Aborts when a process ends that should live, or when somebody interrupts the show. */
const failure = new AbortController();

function failed(): Promise<never> {
  const { signal } = failure;
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

async function perform(show: Show): Promise<void> {
  await show.gather();
  show.showMembers();
  await show.greet();
  await show.crash();
  show.showMembers();
}

function interrupted(): void {
  failure.abort(new Error('interrupted'));
}

process.once('SIGINT', interrupted);
const show = new Show(await startHost(), (error) => failure.abort(error));
try {
  await Promise.race([perform(show), failed()]);
  if (!once) {
    process.off('SIGINT', interrupted);
    await converse(show);
  }
} catch (error) {
  console.error(`\n${paint('red', 'The demo failed:')} ${String(error)}`);
  process.exitCode = 1;
}
heading('Everybody leaves');
await show.end();
console.log(paint('dim', process.exitCode ? 'failed' : 'done'));
