import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { usePrograms } from '../../support/programs.js';
import { until } from '../../support/until.js';

const STANDALONE = 'src/standalone/index.ts';

/** The example in the documentation of npm's `peercloud`, run with this package. */
describe('the example of the original', { timeout: 300_000 }, () => {
  const running: ChildProcess[] = [];
  const programs = usePrograms(STANDALONE);

  afterEach(() => {
    running.splice(0).forEach((child) => child.kill('SIGKILL'));
  });

  it('runs with its import line changed and its port declared', async () => {
    const program = await writeExample(programs(STANDALONE));
    const [first, second] = await startTwo(program);

    await until(() => /got [1-9]\d* peers/.test(first.output()), patience);
    await until(
      () => (first.output() + second.output()).includes('"message": "hello"'),
      patience,
    );

    second.child.kill('SIGINT');
    await once(second.child, 'exit');
    expect(second.child.exitCode).toBe(0);
    expect(first.child.exitCode).toBeNull();
  });

  const patience = { timeout: 60_000 };

  /**
   * Waits for the greeting of the second, which it sends once. The example's addresses are fixed, so that
   * something else on this machine can be in the way for a moment, or be greeted instead; then both start
   * again.
   */
  async function startTwo(program: string) {
    for (let attempt = 1; ; attempt++) {
      const first = start(program);
      await until(() => first.output().includes('got '), patience);
      const second = start(program);
      try {
        await until(() => /got [1-9]\d* peers/.test(second.output()), {
          timeout: 30_000,
          what: () => `a peer of the second example:\n${second.output()}`,
        });
        await until(() => first.output().includes('"message": "hi all"'), {
          timeout: 30_000,
          what: () => `the greeting of the second:\n${first.output()}`,
        });
        return [first, second] as const;
      } catch (error) {
        if (attempt === 3) {
          throw error;
        }
        running.splice(0).forEach((child) => child.kill('SIGKILL'));
      }
    }
  }

  function start(program: string) {
    const { PORT: _, ...env } = process.env;
    const child = spawn(process.execPath, [program], { env });
    running.push(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  }
});

/** @param standalone where the package's entry is */
async function writeExample(standalone: string): Promise<string> {
  const readme = new URL(
    '../../../node_modules/peercloud/README.md',
    import.meta.url,
  );
  const code = /```javascript\n([^]*?)```/.exec(
    await readFile(readme, 'utf8'),
  )?.[1];
  const changed = code!.replace(
    "var peercloud = require('peercloud');",
    `var { peercloud } = require(${JSON.stringify(standalone)});
     var port = process.env.PORT || 0;`,
  );
  expect(changed).not.toBe(code);
  const file = join(dirname(standalone), 'source-example.cjs');
  await writeFile(file, changed);
  return file;
}
