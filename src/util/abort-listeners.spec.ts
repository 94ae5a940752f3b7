import { onAbort } from './abort-listeners.js';

describe('onAbort()', () => {
  it('adds one listener to a signal, however many wait for it', () => {
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const called: number[] = [];
    const ignore = [1, 2, 3].map((n) =>
      onAbort(controller.signal, () => called.push(n)),
    );
    ignore[1]!();
    controller.abort();
    expect(called).toEqual([1, 3]);
    expect(add).toHaveBeenCalledTimes(1);
  });
});
