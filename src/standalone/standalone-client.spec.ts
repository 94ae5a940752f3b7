import { settle, splitArguments } from './standalone-client.js';

describe('settle', () => {
  it('gives a value to the callback and to the promise', async () => {
    const callback = vi.fn();
    await expect(settle(Promise.resolve(7), callback)).resolves.toBe(7);
    await vi.waitFor(() => expect(callback).toHaveBeenCalledWith(null, 7));
  });

  it('gives an error to the callback and to the promise', async () => {
    const error = new Error('no');
    const callback = vi.fn();
    await expect(settle(Promise.reject(error), callback)).rejects.toBe(error);
    await vi.waitFor(() =>
      expect(callback).toHaveBeenCalledWith(error, undefined),
    );
  });

  it('lets the callback have another error', async () => {
    const callback = vi.fn();
    settle(Promise.reject(new Error('no')), callback, () => ['all']).catch(
      () => {},
    );
    await vi.waitFor(() =>
      expect(callback).toHaveBeenCalledWith(['all'], undefined),
    );
  });

  it('raises no unhandled rejection when nobody looks', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      void settle(Promise.reject(new Error('ignored')));
      void settle(Promise.reject(new Error('told')), () => {});
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', unhandled);
    }
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('splitArguments', () => {
  const callback = () => {};

  it.each([
    ['both', [{ a: 1 }, callback], [{ a: 1 }, callback]],
    ['no callback', [{ a: 1 }, undefined], [{ a: 1 }, undefined]],
    ['no body', [callback, undefined], [{}, callback]],
    ['nothing', [undefined, undefined], [{}, undefined]],
  ] as const)('takes %s', (_case, [first, second], expected) => {
    expect(splitArguments<object, () => void>(first, second, {})).toEqual(
      expected,
    );
  });
});
