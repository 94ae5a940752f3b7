import fc from 'fast-check';
import { Inbox } from './inbox.js';

function fill(inbox: Inbox, numbers: readonly number[]): number[] {
  const delivered: number[] = [];
  for (const number of numbers) {
    inbox.take(number, () => delivered.push(number));
  }
  return delivered;
}

describe('Inbox', () => {
  it('delivers each message once and in order, however they come', () => {
    const numbers = Array.from({ length: 20 }, (_, at) => at + 5);
    const arrivals = fc
      .shuffledSubarray(numbers, { minLength: numbers.length })
      .chain((all) =>
        fc.subarray(numbers).map((again) => [...all, ...again, ...all]),
      );
    fc.assert(
      fc.property(arrivals, (arriving) => {
        expect(fill(new Inbox('a', 5), arriving)).toEqual(numbers);
      }),
    );
  });

  it('says what it has seen, whether delivered or held', () => {
    const inbox = new Inbox('a', 1);
    expect(inbox.take(1, () => undefined)).toBe('taken');
    expect(inbox.take(1, () => undefined)).toBe('seen');
    expect(inbox.take(3, () => undefined)).toBe('taken');
    expect(inbox.take(3, () => undefined)).toBe('seen');
    expect(inbox.next).toBe(2);
  });

  it('delivers what it holds when the sender gives up what is missing', () => {
    const inbox = new Inbox('a', 1);
    const delivered: number[] = [];
    for (const number of [6, 3, 4, 9]) {
      inbox.take(number, () => delivered.push(number));
    }
    inbox.skipTo(6);
    expect(delivered).toEqual([3, 4, 6]);
    expect(inbox.next).toBe(7);
    inbox.skipTo(2);
    expect(inbox.next).toBe(7);
    inbox.skipTo(Number.MAX_SAFE_INTEGER);
    expect(delivered).toEqual([3, 4, 6, 9]);
  });

  it('holds a bounded number', () => {
    const inbox = new Inbox('a', 1);
    let number = 2;
    while (inbox.take(number, () => undefined) === 'taken') {
      number++;
    }
    expect(number).toBe(16_386);
    expect(inbox.take(number, () => undefined)).toBe('full');
    expect(inbox.take(1, () => undefined)).toBe('taken');
    expect(inbox.next).toBe(16_386);
  });
});
