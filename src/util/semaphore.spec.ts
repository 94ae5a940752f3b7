import { AsyncLocalStorage } from 'node:async_hooks';
import { KeyedSemaphore, Semaphore } from './semaphore.js';

function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Semaphore', () => {
  it('runs so many at once, and the others in order', async () => {
    const semaphore = new Semaphore(2, 10);
    const gates = [gate(), gate(), gate(), gate()];
    const started: number[] = [];
    const runs = gates.map(({ opened }, index) =>
      semaphore.run(async () => {
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
    const semaphore = new Semaphore(1, 1);
    const { open, opened } = gate();
    const first = semaphore.run(() => opened.then(() => 'first'));
    const second = semaphore.run(async () => 'second');
    expect(semaphore.isSaturated).toBe(true);
    expect(await semaphore.run(async () => 'third')).toBeUndefined();
    open();
    expect(await Promise.all([first, second])).toEqual(['first', 'second']);
    expect(semaphore.isSaturated).toBe(false);
  });

  it('lets the origins take turns', async () => {
    const semaphore = new Semaphore(1, 10);
    const { open, opened } = gate();
    const ran: string[] = [];
    const run = (origin: string, name: string) =>
      semaphore.run(async () => void ran.push(name), origin);
    const first = semaphore.run(() => opened, 'flood');
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
    const semaphore = new Semaphore(1, 3);
    const { open, opened } = gate();
    const run = (origin: string, name: string) =>
      semaphore.run(async () => name, origin);
    const first = semaphore.run(() => opened, 'flood');
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
    expect(semaphore.isSaturated).toBe(false);
  });

  it('goes on after a task that failed', async () => {
    const semaphore = new Semaphore(1, 10);
    const failing = semaphore.run(() => Promise.reject(new Error('failed')));
    const next = semaphore.run(async () => 'next');
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });

  it('gives places to those who wait, in turns', () => {
    const semaphore = new Semaphore(1);
    const started: string[] = [];
    const take = (name: string) => () => {
      started.push(name);
      semaphore.tryAcquire();
      semaphore.whenFree(take(name));
    };
    semaphore.tryAcquire();
    expect(semaphore.isFull).toBe(true);
    semaphore.whenFree(take('a'));
    semaphore.whenFree(take('b'));
    for (let each = 0; each < 4; each++) {
      semaphore.release();
    }
    expect(started).toEqual(['a', 'b', 'a', 'b']);
  });

  it('calls nobody back who has gone, nor without need', () => {
    const semaphore = new Semaphore(2);
    const gone = vi.fn();
    const waiting = vi.fn();
    semaphore.tryAcquire();
    semaphore.tryAcquire();
    semaphore.whenFree(gone);
    semaphore.whenFree(waiting);
    semaphore.forget(gone);
    semaphore.release();
    semaphore.release();
    expect(gone).not.toHaveBeenCalled();
    expect(waiting).toHaveBeenCalledOnce();
  });

  it('calls back in no context of those whose work ends', () => {
    const semaphore = new Semaphore(1);
    const request = new AsyncLocalStorage<string>();
    semaphore.tryAcquire();
    let context: string | undefined = 'not called';
    semaphore.whenFree(() => (context = request.getStore()));
    request.run('of a request', () => semaphore.release());
    expect(context).toBeUndefined();
  });
});

describe('KeyedSemaphore', () => {
  it('bounds what each key takes, and what all take', () => {
    const all = new Semaphore(3);
    const keyed = new KeyedSemaphore(2, all);
    expect(['a', 'a', 'a'].map((key) => keyed.tryAcquire(key))).toEqual([
      true,
      true,
      false,
    ]);
    expect(['b', 'b'].map((key) => keyed.tryAcquire(key))).toEqual([
      true,
      false,
    ]);
    keyed.release('b');
    expect(keyed.tryAcquire('a')).toBe(false);
    keyed.release('a');
    keyed.release('a');
    expect(all.isIdle).toBe(true);
    expect(keyed.tryAcquire('a')).toBe(true);
  });
});
