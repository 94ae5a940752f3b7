import { ChunkList } from './chunk-list.js';

it.each([0, 1, 255, 256, 257, 70_000])('puts %i chunks together', (count) => {
  const list = new ChunkList();
  const whole = Buffer.alloc(count, 'abcdefg');
  for (let at = 0; at < count; at++) {
    list.push(whole.subarray(at, at + 1));
  }
  expect(list.size).toBe(count);
  expect(list.take().equals(whole)).toBe(true);
  expect(list.size).toBe(0);
  expect(list.take()).toHaveLength(0);
});

it.each([0, 1, 255, 256, 257, 70_000])(
  'puts %i chunks together in memory that it is lent',
  (count) => {
    const list = new ChunkList();
    const whole = Buffer.alloc(count, 'abcdefg');
    for (let at = 0; at < count; at++) {
      list.push(whole.subarray(at, at + 1));
    }
    const memory = Buffer.alloc(count + 10);
    const taken = list.takeInto(memory);
    expect(taken.equals(whole)).toBe(true);
    expect(taken.buffer).toBe(memory.buffer);
    expect(list.size).toBe(0);
  },
);

it('gives a single chunk back as it is', () => {
  const list = new ChunkList();
  const chunk = Buffer.from('x');
  list.push(chunk);
  expect(list.take()).toBe(chunk);
});

it('holds little of a body that comes in bytes', () => {
  const list = new ChunkList();
  const block = Buffer.alloc(4);
  const before = process.memoryUsage();
  const MIB = 1024 * 1024;
  for (let at = 0; at < MIB; at++) {
    list.push(Buffer.from(block.buffer, 0, 1));
  }
  const after = process.memoryUsage();
  const used = after.heapUsed + after.external;
  // A hundred times as much, if each byte were kept by itself.
  expect(used - before.heapUsed - before.external).toBeLessThan(60 * MIB);
  expect(list.size).toBe(MIB);
});

it.each([0, 1, 2, 255])('gives %i chunks back as they are', (count) => {
  const list = new ChunkList();
  const chunks = Array.from({ length: count }, () => Buffer.from('x'));
  for (const chunk of chunks) {
    list.push(chunk);
  }
  const taken = list.takeChunks();
  expect(taken).toHaveLength(count);
  expect(taken.every((chunk, at) => chunk === chunks[at])).toBe(true);
  expect([list.size, list.takeChunks()]).toEqual([0, []]);
});

it('gives many chunks back in fewer', () => {
  const list = new ChunkList();
  const whole = Buffer.alloc(70_000, 'abcdefg');
  for (let at = 0; at < 70_000; at++) {
    list.push(whole.subarray(at, at + 1));
  }
  const taken = list.takeChunks();
  expect(taken.length).toBeLessThan(600);
  expect(Buffer.concat(taken).equals(whole)).toBe(true);
  expect(list.size).toBe(0);
});
