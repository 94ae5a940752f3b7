import { createInterface } from 'node:readline';
import { heading, line } from './screen.js';
import type { Show } from './show.js';

/** Broadcasts each line that is typed in, until Ctrl-C, Ctrl-D or SIGTERM. */
export function converse(show: Show): Promise<void> {
  heading('Your turn: a line goes to everybody, Ctrl-C leaves');
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: '> ',
  });
  lines.prompt();
  lines.on('line', (text) => {
    void say(show, text.trim()).finally(() => lines.prompt());
  });
  return new Promise((resolve) => {
    lines.once('SIGINT', () => lines.close());
    process.once('SIGTERM', () => lines.close());
    lines.once('close', resolve);
  });
}

async function say(show: Show, text: string): Promise<void> {
  if (text === '') {
    return;
  }
  try {
    await show.broadcast({ type: 'chat', text });
  } catch (error) {
    line((error as Error).message);
  }
}
