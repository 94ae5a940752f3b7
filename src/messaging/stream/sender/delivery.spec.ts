import { messageTo } from '../../../../test/support/stream-fixture.js';
import { DeliveryQueue, Delivery } from './delivery.js';

function delivery(value: object): Delivery {
  const ignore = () => undefined;
  return new Delivery('a', messageTo('a', value), ignore, ignore);
}

describe('DeliveryQueue', () => {
  it('gives back what was put in, in order, without what is settled', () => {
    const queue = new DeliveryQueue(1000);
    const all = Array.from({ length: 10_000 }, (_, n) => delivery({ n }));
    for (const each of all) {
      queue.push(each);
    }
    for (const each of all.filter((_, n) => n % 2 === 0)) {
      each.reject(new Error('gone'));
    }
    expect(queue.isEmpty).toBe(false);
    const out: unknown[] = [];
    for (let next; (next = queue.shift());) {
      out.push(next.message.body.value);
    }
    expect(out).toEqual(
      Array.from({ length: 5000 }, (_, n) => ({ n: 2 * n + 1 })),
    );
    expect(queue.isEmpty).toBe(true);
  });

  it('serialises bodies at once, up to its bound', () => {
    const queue = new DeliveryQueue(10);
    const body = { text: 'before' };
    const [first, second] = [delivery(body), delivery(body)];
    queue.push(first);
    queue.push(second);
    body.text = 'after';
    expect(first.message.body.json).toContain('before');
    expect(second.message.body.json).toContain('after');
  });

  it('keeps nothing of what expires behind one that has more time', () => {
    const queue = new DeliveryQueue(100);
    const [patient, aborted, late] = [1000, 1000, 10].map((deadline) => {
      const message = { ...messageTo('a', { text: 'x'.repeat(30) }), deadline };
      const each = new Delivery('a', message, vi.fn(), vi.fn());
      queue.push(each);
      return each;
    });
    aborted!.reject(new Error('gone'));
    const failed: Delivery[] = [];
    const fail = (each: Delivery) => {
      failed.push(each);
      each.reject(new Error('late'));
    };
    expect(queue.expire(500, fail)).toBe(1000);
    expect(failed).toEqual([late]);
    const next = delivery({ text: 'before' });
    queue.push(next);
    // There is room again: its body is as it was.
    (next.message.body.value as { text: string }).text = 'after';
    expect(next.message.body.json).toContain('before');
    expect([queue.shift(), queue.shift()]).toEqual([patient, next]);
  });

  it('is empty when all that waited are settled', () => {
    const queue = new DeliveryQueue(10);
    const only = delivery({});
    queue.push(only);
    only.resolve({});
    expect(queue.isEmpty).toBe(true);
    expect(queue.shift()).toBeUndefined();
  });
});
