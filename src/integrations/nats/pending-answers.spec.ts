import type { TransportAnswer, TransportError } from '../../index.js';
import type { AnswerPart } from './envelope.js';
import { PendingAnswers } from './pending-answers.js';

function part(at: number, of: number, text: string, answer = 'a'): AnswerPart {
  return { at, of, answer, status: 200, headers: {}, body: Buffer.from(text) };
}

/** One that waits, and what it hears. */
function waiting(options: { maxBytes?: number; isForMany?: boolean } = {}) {
  const pending = new PendingAnswers();
  const heard: string[] = [];
  pending.add('x', {
    maxBytes: 10,
    ...options,
    onAnswer: ({ body }: TransportAnswer) => heard.push(body.toString()),
    onNobody: () => heard.push('nobody'),
    onFailed: ({ code }: TransportError) => heard.push(code),
  });
  return { pending, heard };
}

describe('PendingAnswers', () => {
  it('gives an answer to who waits for it, and to nobody else', () => {
    const { pending, heard } = waiting();
    pending.take('y', part(0, 1, 'other'));
    pending.take('x', part(0, 1, 'mine'));
    pending.nobody('y');
    pending.nobody('x');
    expect(heard).toEqual(['mine', 'nobody']);
  });

  it('puts answers in parts together, each by itself', () => {
    const { pending, heard } = waiting({ isForMany: true });
    pending.take('x', part(0, 2, 'a1', 'a'));
    pending.take('x', part(0, 2, 'b1', 'b'));
    pending.take('x', part(1, 2, 'b2', 'b'));
    pending.take('x', part(1, 2, 'a2', 'a'));
    expect(heard).toEqual(['b1b2', 'a1a2']);
  });

  it('leaves out an answer of which a part is missing, doubled or of another one', () => {
    const { pending, heard } = waiting();
    pending.take('x', part(0, 3, '1'));
    pending.take('x', part(2, 3, '3'));
    pending.take('x', part(1, 3, '2'));
    pending.take('x', part(0, 2, '1', 'b'));
    pending.take('x', part(1, 3, '2', 'b'));
    expect(heard).toEqual([]);
  });

  it('holds no more of an answer than may be', () => {
    const one = waiting();
    one.pending.take('x', part(0, 1, 'x'.repeat(11)));
    const many = waiting({ isForMany: true });
    many.pending.take('x', part(0, 3, 'x'.repeat(6)));
    many.pending.take('x', part(1, 3, 'x'.repeat(6)));
    many.pending.take('x', part(2, 3, 'x'));
    many.pending.take('x', part(0, 1, 'good', 'b'));
    expect([one.heard, many.heard]).toEqual([['BAD_ANSWER'], ['good']]);
  });

  it('fails all when the way is lost, once', () => {
    const { pending, heard } = waiting();
    pending.fail('CONNECTION_LOST', 'lost');
    pending.fail('CONNECTION_LOST', 'lost');
    pending.take('x', part(0, 1, 'late'));
    expect(heard).toEqual(['CONNECTION_LOST']);
  });
});
