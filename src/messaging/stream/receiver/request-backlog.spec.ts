import type { JsonValue } from '../../../wire/json.js';
import {
  RequestBacklog,
  type RequestHead,
  type RequestLine,
} from './request-backlog.js';

function setUp() {
  const started: number[] = [];
  const heads = new Map<number, RequestHead>();
  const starter = {
    isHeld: false,
    start: (
      id: number,
      _body: JsonValue,
      _deadline: number,
      _line: RequestLine,
      head: RequestHead,
    ) => {
      started.push(id);
      heads.set(id, head);
    },
  };
  return { started, heads, starter, backlog: new RequestBacklog(starter) };
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
    ['no id or no time', ['m', 0, null, 5000, {}]],
    ['the wrong shape', ['m', 0, '1', 5000, {}]],
    ['no id or no time', ['m', 0, 'a', 'b', 1, 5000, {}]],
    ['no id or no time', ['m', 0, 1, 5000, {}, 2, null, {}]],
  ])('starts nothing of a line that has %s: %j', (why, frame) => {
    const { started, backlog } = setUp();
    const line = { ...lineOf(), frame };
    expect(() => backlog.add(line)).toThrow(why);
    backlog.work();
    expect(started).toEqual([]);
  });

  it('starts requests on the channel of the string before them, in its line alone', () => {
    const { starter, heads, backlog } = setUp();
    const { start } = starter;
    starter.start = (...args) => {
      start(...args);
      starter.isHeld = args[0] === 3;
    };
    const frame = JSON.parse(
      '["m",0,1,5e3,{},"a",2,5e3,{},3,5e3,{},{"channel":"own"},4,5e3,{},5,5e3,{},"",6,5e3,{},"two words",7,5e3,{},"b",8,5e3,{}]',
    ) as JsonValue[];
    backlog.add({ ...lineOf(), frame });
    backlog.add(lineOf([9, 5000]));
    backlog.work();
    starter.isHeld = false;
    backlog.work();
    expect([...heads]).toEqual([
      [1, undefined],
      [2, { channel: 'a' }],
      [3, { channel: 'a' }],
      [4, { channel: 'own' }],
      [5, { channel: 'a' }],
      [6, undefined],
      [7, 'invalid'],
      [8, { channel: 'b' }],
      [9, undefined],
    ]);
  });

  it('takes a channel whose request nobody waits for any more as that of the next', () => {
    const { heads, backlog } = setUp();
    const frame = ['m', 0, 'a', 1, -1, {}, 2, 5000, {}];
    backlog.add({ ...lineOf(), frame });
    backlog.work();
    expect([...heads]).toEqual([[2, { channel: 'a' }]]);
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
