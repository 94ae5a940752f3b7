import { Semaphore } from '../../../util/semaphore.js';
import { SenderLoad } from './running-handlers.js';

describe('SenderLoad', () => {
  it('is a part of what is at work for all', () => {
    const all = new Semaphore(2);
    const [first, second] = [1, 2].map(
      () => new SenderLoad(2, all, () => undefined),
    ) as [SenderLoad, SenderLoad];
    first.enter();
    all.tryAcquire();
    expect([first.isFull, second.isFull]).toEqual([true, true]);
    const started = vi.fn();
    second.wait(started);
    first.leave();
    expect(started).toHaveBeenCalledOnce();
    expect([all.isFull, second.isFull]).toEqual([false, false]);
  });

  it('calls back who waits for either, and nobody who has gone', () => {
    const all = new Semaphore(2);
    const load = new SenderLoad(1, all, () => undefined);
    const [own, shared, gone] = [vi.fn(), vi.fn(), vi.fn()];
    load.enter();
    load.wait(own);
    load.wait(gone);
    load.forget(gone);
    load.leave();
    expect(own).toHaveBeenCalledOnce();
    all.tryAcquire();
    all.tryAcquire();
    load.wait(shared);
    load.wait(gone);
    load.forget(gone);
    all.release();
    expect(shared).toHaveBeenCalledOnce();
    expect(gone).not.toHaveBeenCalled();
  });

  it('says when nothing is at work any more', () => {
    const onIdle = vi.fn();
    const load = new SenderLoad(2, new Semaphore(2), onIdle);
    load.enter();
    load.enter();
    load.leave();
    expect(onIdle).not.toHaveBeenCalled();
    load.leave();
    expect(onIdle).toHaveBeenCalledOnce();
  });
});
