import { AsyncLocalStorage } from 'node:async_hooks';
import { WorkLoad } from './work-load.js';

describe('WorkLoad', () => {
  it('gives places to those who wait, in turns', () => {
    const load = new WorkLoad(1);
    const started: string[] = [];
    const take = (name: string) => () => {
      started.push(name);
      load.enter();
      load.wait(take(name));
    };
    load.enter();
    expect(load.isFull).toBe(true);
    load.wait(take('a'));
    load.wait(take('b'));
    for (let each = 0; each < 4; each++) {
      load.leave();
    }
    expect(started).toEqual(['a', 'b', 'a', 'b']);
  });

  it('calls nobody back who has gone, nor without need', () => {
    const load = new WorkLoad(2);
    const gone = vi.fn();
    const waiting = vi.fn();
    load.enter();
    load.enter();
    load.wait(gone);
    load.wait(waiting);
    load.forget(gone);
    load.leave();
    load.leave();
    expect(gone).not.toHaveBeenCalled();
    expect(waiting).toHaveBeenCalledOnce();
  });

  it('calls back in no context of those whose work ends', () => {
    const load = new WorkLoad(1);
    const request = new AsyncLocalStorage<string>();
    load.enter();
    let context: string | undefined = 'not called';
    load.wait(() => (context = request.getStore()));
    request.run('of a request', () => load.leave());
    expect(context).toBeUndefined();
  });
});
