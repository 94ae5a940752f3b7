import { Question } from './question.js';

function ask(...peers: string[]) {
  const values: unknown[] = [];
  const counts: number[] = [];
  let done = 0;
  const question = new Question({
    onValue: (value) => values.push(value),
    onPeerDone: (count) => counts.push(count),
    onDone: () => (done += 1),
  });
  peers.forEach((peer) => question.ask(peer));
  return { question, values, counts, done: () => done };
}

describe('Question', () => {
  it('is done when each peer has given as many values as it said', () => {
    const { question, values, counts, done } = ask('a', 'b');
    question.answer('a', [], 2);
    question.answer('b', [1], 1);
    question.answer('a', [2]);
    expect(question.missing).toBe(1);
    question.answer('a', [3]);
    expect([values, counts, done()]).toEqual([[1, 2, 3], [1, 2], 1]);
  });

  it('takes values that come before it is known how many there are', () => {
    const { question, values, done } = ask('a');
    question.answer('a', [1]);
    expect(done()).toBe(0);
    question.answer('a', [], 1);
    expect([values, done()]).toEqual([[1], 1]);
  });

  it('waits for nobody who is gone, and keeps what they gave', () => {
    const { question, values, counts, done } = ask('a', 'b');
    question.answer('a', [1], 2);
    question.gone('a');
    question.gone('b');
    question.answer('a', [2]);
    expect([values, counts, done()]).toEqual([[1], [1, 0], 1]);
  });

  it('hears nobody who was not asked', () => {
    const { question, values } = ask('a');
    question.answer('b', [1], 1);
    question.gone('b');
    expect([values, question.missing]).toEqual([[], 1]);
  });
});
