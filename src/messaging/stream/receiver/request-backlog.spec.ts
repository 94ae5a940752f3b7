import type { JsonValue } from '../../../wire/json.js';
import { RequestBacklog } from './request-backlog.js';

function setUp() {
  const started: number[] = [];
  const starter = {
    isHeld: false,
    start: (id: number) => void started.push(id),
  };
  return { started, starter, backlog: new RequestBacklog(starter) };
}

/** A line of requests that was sent now, each with an id and the ms that it has. */
function lineOf(...requests: [id: number, ms: number][]) {
  const values = requests.flatMap(([id, ms]): JsonValue[] => [id, ms, {}]);
  return {
    frame: ['m', 0, ...values],
    sentAt: performance.now(),
    mayBeTooLarge: false,
  };
}

describe('RequestBacklog', () => {
  afterEach(() => vi.useRealTimers());

  it('starts requests in their order, and goes on where it was held', () => {
    const { started, starter, backlog } = setUp();
    starter.start = (id) => {
      started.push(id);
      starter.isHeld = id === 2;
    };
    backlog.add(lineOf([1, 5000], [2, 5000], [3, 5000]));
    backlog.add(lineOf([4, 5000]));
    backlog.work();
    expect(started).toEqual([1, 2]);
    expect(backlog.isEmpty).toBe(false);
    starter.isHeld = false;
    backlog.work();
    expect(started).toEqual([1, 2, 3, 4]);
    expect(backlog.isEmpty).toBe(true);
  });

  it('drops what nobody waits for any more, when its turn comes', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { started, starter, backlog } = setUp();
    starter.isHeld = true;
    backlog.add(lineOf([1, 100], [2, 5000], [3, 100]));
    backlog.work();
    vi.advanceTimersByTime(100);
    starter.isHeld = false;
    backlog.work();
    expect(started).toEqual([2]);
    expect(backlog.isEmpty).toBe(true);
  });

  it.each([
    ['the wrong shape', ['m', 0, 1, 5000]],
    ['no id or no time', ['m', 0, '1', 5000, {}]],
    ['no id or no time', ['m', 0, 1, 5000, {}, 2, null, {}]],
  ])('starts nothing of a line that has %s: %j', (why, frame) => {
    const { started, backlog } = setUp();
    const line = { ...lineOf(), frame };
    expect(() => backlog.add(line)).toThrow(why);
    backlog.work();
    expect(started).toEqual([]);
  });

  it('forgets what was not started', () => {
    const { started, starter, backlog } = setUp();
    starter.start = (id) => {
      started.push(id);
      starter.isHeld = true;
    };
    backlog.add(lineOf([1, 5000], [2, 5000]));
    backlog.work();
    backlog.clear();
    starter.isHeld = false;
    backlog.add(lineOf([3, 5000]));
    backlog.work();
    expect(started).toEqual([1, 3]);
  });
});
