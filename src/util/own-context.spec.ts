import { AsyncLocalStorage } from 'node:async_hooks';
import { OwnContext } from './own-context.js';

describe('OwnContext', () => {
  const tenant = new AsyncLocalStorage<string>();

  it('shows a work the context of who made it, and nothing of who brings it', () => {
    const context = tenant.run('maker', () => new OwnContext());
    const seen = tenant.run('bringer', () =>
      context.run(() => tenant.getStore()),
    );
    expect(seen).toBe('maker');
  });

  it('ends with the work what that has entered, there and later', async () => {
    const context = new OwnContext();
    const enter = async (name: string) => {
      const before = tenant.getStore();
      tenant.enterWith(name);
      await new Promise((resolve) => setImmediate(resolve));
      return [before, tenant.getStore()];
    };
    const works = tenant.run('caller', () => {
      const all = ['a', 'b'].map((name) => context.run(enter, name));
      expect(tenant.getStore()).toBe('caller');
      return all;
    });
    expect(await Promise.all(works)).toEqual([
      [undefined, 'a'],
      [undefined, 'b'],
    ]);
  });

  it('passes on what a work returns, takes and throws', () => {
    const context = new OwnContext();
    expect(context.run((a: number, b: number) => a + b, 1, 2)).toBe(3);
    expect(() =>
      context.run(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
  });
});
