import fc from 'fast-check';
import { GossipQueue, sendsFor } from './gossip-queue.js';
import {
  MAX_GOSSIP_BYTES,
  MAX_GOSSIP_ITEMS,
} from '../options/membership.options.js';

const update = (id: string, incarnation = 1) => ({ id, incarnation });

const idsOf = (items: readonly { id?: unknown }[]) => items.map(({ id }) => id);

/** After memberlist's queue tests and ringpop's piggyback tests. */
describe('GossipQueue', () => {
  it('sends each item so many times', () => {
    const queue = new GossipQueue(100);
    queue.add('a', update('a'), true);
    for (let sends = 0; sends < 3; sends++) {
      expect(queue.take(3)).toEqual([update('a')]);
    }
    expect(queue.take(3)).toEqual([]);
    expect(queue.size).toBe(0);
    expect(queue.hasUrgent).toBe(false);
  });

  it('puts a newer update about a member in the place of an older one, and starts anew', () => {
    const queue = new GossipQueue(100);
    queue.add('a', update('a', 1), true);
    queue.take(2);
    queue.add('a', update('a', 2), true);
    expect(queue.size).toBe(1);
    expect(queue.take(2)).toEqual([update('a', 2)]);
    expect(queue.take(2)).toEqual([update('a', 2)]);
    expect(queue.take(2)).toEqual([]);
  });

  it('sends first what was sent least', () => {
    const queue = new GossipQueue(100);
    queue.add('a', update('a'), true);
    queue.take(9);
    queue.take(9);
    queue.add('b', update('b'), true);
    queue.take(9, 'a');
    queue.add('c', update('c'), true);
    expect(idsOf(queue.take(9))).toEqual(['c', 'b', 'a']);
  });

  it('puts no more than so many items in a body, and serves all in turn', () => {
    const queue = new GossipQueue(100);
    for (let index = 0; index < 80; index++) {
      queue.add(`${index}`, update(`${index}`), true);
    }
    const sizes: number[] = [];
    const seen = new Set<unknown>();
    for (let body = 0; body < 3; body++) {
      const items = queue.take(5);
      sizes.push(items.length);
      for (const id of idsOf(items)) {
        seen.add(id);
      }
    }
    expect(sizes).toEqual([
      MAX_GOSSIP_ITEMS,
      MAX_GOSSIP_ITEMS,
      MAX_GOSSIP_ITEMS,
    ]);
    expect(seen.size).toBe(80);
    expect(queue.take(5, undefined, 2)).toHaveLength(2);
    expect(queue.take(5, undefined, 0)).toHaveLength(0);
  });

  it('puts no more than so many bytes in a body, and lets small items past large ones', () => {
    const queue = new GossipQueue(100);
    const text = 'x'.repeat(40_000);
    queue.add('a', { ...update('a'), text }, true);
    queue.add('b', { ...update('b'), text }, true);
    queue.add('c', update('c'), true);
    expect(idsOf(queue.take(9))).toEqual(['a', 'c']);
    expect(idsOf(queue.take(9))).toEqual(['b', 'c']);
  });

  it('counts bytes, not characters, and keeps to what room there is', () => {
    const queue = new GossipQueue(10);
    const text = 'é'.repeat(25_000);
    queue.add('a', { ...update('a'), text }, true);
    queue.add('b', { ...update('b'), text }, true);
    queue.add('c', update('c'), true);
    expect(idsOf(queue.take(9, undefined, 32, 40_000))).toEqual(['c']);
    expect(idsOf(queue.take(9, undefined, 32))).toEqual(['a', 'c']);
  });

  it('leaves out what fits no body', () => {
    const queue = new GossipQueue(100);
    queue.add('a', update('a', 1), true);
    queue.add('a', { text: 'x'.repeat(MAX_GOSSIP_BYTES) }, true);
    expect(queue.size).toBe(0);
    expect(queue.hasUrgent).toBe(false);
  });

  it('tells a member nothing about itself', () => {
    const queue = new GossipQueue(100);
    queue.add('a', update('a'), true);
    queue.add('b', update('b'), true);
    expect(idsOf(queue.take(9, 'a'))).toEqual(['b']);
    expect(idsOf(queue.take(1, 'b'))).toEqual(['a']);
  });

  it('drops what was sent most when it is full', () => {
    const queue = new GossipQueue(3);
    for (const id of ['a', 'b', 'c']) {
      queue.add(id, update(id), true);
    }
    queue.take(9, undefined, 1);
    queue.add('d', update('d'), true);
    expect(queue.size).toBe(3);
    expect(new Set(idsOf(queue.take(9)))).toEqual(new Set(['b', 'c', 'd']));
  });

  it('knows whether anything is urgent', () => {
    const queue = new GossipQueue(100);
    queue.add('a', update('a'), false);
    expect(queue.hasUrgent).toBe(false);
    queue.add('a', update('a', 2), true);
    expect(queue.hasUrgent).toBe(true);
    queue.drop('a');
    queue.drop('nobody');
    expect(queue.hasUrgent).toBe(false);
    queue.add('b', update('b'), true);
    queue.calm();
    expect(queue.hasUrgent).toBe(false);
    expect(idsOf(queue.take(1))).toEqual(['b']);
    expect(queue.hasUrgent).toBe(false);
  });

  it('never sends more or less than it should, whatever comes', () => {
    const ids = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 5 }), (added, maxSends) => {
        const queue = new GossipQueue(100);
        for (const id of added) {
          queue.add(id, update(id), true);
        }
        const counts = new Map<unknown, number>();
        for (let items; (items = queue.take(maxSends, undefined, 2)).length;) {
          for (const id of idsOf(items)) {
            counts.set(id, (counts.get(id) ?? 0) + 1);
          }
        }
        expect(counts.size).toBe(new Set(added).size);
        for (const count of counts.values()) {
          expect(count).toBe(maxSends);
        }
      }),
    );
  });
});

describe('sendsFor', () => {
  const options = { gossipMultiplier: 4, gossipMinSends: 12 };

  it.each([
    [1, 12],
    [999, 12],
    [5000, 15],
    [9999, 16],
  ])('in a cloud of %i an item is sent %i times', (size, sends) => {
    expect(sendsFor(size, options)).toBe(sends);
  });
});
