import { EventQueue } from './event-queue.js';
import { SeededRandom } from './seeded-random.js';

describe('EventQueue', () => {
  it('gives events in order of time, then of scheduling', () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    queue.add(5, () => seen.push('c'));
    queue.add(1, () => seen.push('a'));
    queue.add(5, () => seen.push('d'));
    queue.add(3, () => seen.push('b'));
    for (let event; (event = queue.take(Infinity));) {
      event.callback();
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps what is due later', () => {
    const queue = new EventQueue();
    queue.add(10, () => undefined);
    expect(queue.take(9)).toBeUndefined();
    expect(queue.take(10)?.due).toBe(10);
  });

  it('forgets cancelled events, of thousands too', () => {
    const queue = new EventQueue();
    const random = new SeededRandom(3);
    const events = Array.from({ length: 5000 }, () =>
      queue.add(random.next() * 1000, () => undefined),
    );
    const kept = events.filter((_, index) => index % 10 === 0);
    for (const event of events) {
      if (!kept.includes(event)) {
        queue.cancel(event);
      }
    }
    queue.cancel(events[1]!);
    expect(queue.size).toBe(kept.length);
    const times: number[] = [];
    for (let event; (event = queue.take(Infinity));) {
      times.push(event.due);
    }
    expect(times).toEqual(kept.map(({ due }) => due).sort((a, b) => a - b));
  });
});
