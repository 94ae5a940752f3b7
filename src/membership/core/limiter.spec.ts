import { Limiter } from './limiter.js';

function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Limiter', () => {
  it('runs so many at once, and the others in order', async () => {
    const limiter = new Limiter(2, 10);
    const gates = [gate(), gate(), gate(), gate()];
    const started: number[] = [];
    const runs = gates.map(({ opened }, index) =>
      limiter.run(async () => {
        started.push(index);
        await opened;
        return index;
      }),
    );
    expect(started).toEqual([0, 1]);
    gates[1]!.open();
    await settled();
    expect(started).toEqual([0, 1, 2]);
    for (const { open } of gates) {
      open();
    }
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3]);
  });

  it('turns away who finds no room to wait', async () => {
    const limiter = new Limiter(1, 1);
    const { open, opened } = gate();
    const first = limiter.run(() => opened.then(() => 'first'));
    const second = limiter.run(async () => 'second');
    expect(limiter.isFull).toBe(true);
    expect(await limiter.run(async () => 'third')).toBeUndefined();
    open();
    expect(await Promise.all([first, second])).toEqual(['first', 'second']);
    expect(limiter.isFull).toBe(false);
  });

  it('lets the origins take turns', async () => {
    const limiter = new Limiter(1, 10);
    const { open, opened } = gate();
    const ran: string[] = [];
    const run = (origin: string, name: string) =>
      limiter.run(async () => void ran.push(name), origin);
    const first = limiter.run(() => opened, 'flood');
    const rest = [1, 2, 3].map((n) => run('flood', `flood ${n}`));
    rest.push(run('guest', 'guest 1'), run('guest', 'guest 2'));
    open();
    await Promise.all([first, ...rest]);
    expect(ran).toEqual([
      'flood 1',
      'guest 1',
      'flood 2',
      'guest 2',
      'flood 3',
    ]);
  });

  it('turns away the last of the origin with the most, for one with fewer', async () => {
    const limiter = new Limiter(1, 3);
    const { open, opened } = gate();
    const run = (origin: string, name: string) =>
      limiter.run(async () => name, origin);
    const first = limiter.run(() => opened, 'flood');
    const flood = [1, 2, 3].map((n) => run('flood', `flood ${n}`));
    const guest = run('guest', 'guest 1');
    expect(await flood[2]).toBeUndefined();
    // Now it has no more than one less.
    expect(await run('guest', 'guest 2')).toBeUndefined();
    expect(await run('flood', 'flood 4')).toBeUndefined();
    open();
    await first;
    expect(await Promise.all([flood[0], flood[1], guest])).toEqual([
      'flood 1',
      'flood 2',
      'guest 1',
    ]);
    expect(limiter.isFull).toBe(false);
  });

  it('goes on after a task that failed', async () => {
    const limiter = new Limiter(1, 10);
    const failing = limiter.run(() => Promise.reject(new Error('failed')));
    const next = limiter.run(async () => 'next');
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });
});
