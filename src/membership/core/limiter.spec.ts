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
    for (const { open } of gates) open();
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

  it('goes on after a task that failed', async () => {
    const limiter = new Limiter(1, 10);
    const failing = limiter.run(() => Promise.reject(new Error('failed')));
    const next = limiter.run(async () => 'next');
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });
});
