import { Fifo } from './fifo.js';

describe('Fifo', () => {
  it('gives back everything in its order, however much is taken between', () => {
    const fifo = new Fifo<number>();
    const taken: number[] = [];
    for (let n = 0; n < 20_000; n++) {
      fifo.push(n);
      if (n % 3 > 0) {
        taken.push(fifo.shift()!);
      }
    }
    expect(fifo.length).toBe(20_000 - taken.length);
    expect(fifo.first).toBe(taken.length);
    expect([...taken, ...fifo]).toEqual([...Array(20_000).keys()]);
    while (fifo.length > 0) {
      taken.push(fifo.shift()!);
    }
    expect(taken).toEqual([...Array(20_000).keys()]);
    expect([fifo.first, fifo.shift(), fifo.length]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  it('keeps what is wanted', () => {
    const fifo = new Fifo<number>();
    [1, 2, 3, 4].forEach((n) => fifo.push(n));
    fifo.shift();
    fifo.keep((n) => n !== 3);
    expect([...fifo]).toEqual([2, 4]);
    fifo.clear();
    expect(fifo.length).toBe(0);
  });
});
