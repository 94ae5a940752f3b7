import { takePiece } from './write-memory.js';

/** Address of the memory that a piece is in: the same for all pieces of one slab. */
const memoryOf = ({ bytes }: { bytes: Buffer }) => bytes.buffer;

describe('takePiece', () => {
  it('gives pieces that do not overlap while they are on their way', () => {
    const pieces = Array.from({ length: 100 }, (_, n) => {
      const piece = takePiece(1 + ((n * 7919) % 20_000));
      piece.bytes.fill(n);
      return piece;
    });
    pieces.forEach(({ bytes }, n) =>
      expect(bytes.every((byte) => byte === n)).toBe(true),
    );
    for (const { release } of pieces) {
      release();
    }
  });

  it('uses memory again when everything in it has gone out, and not before', () => {
    const [first, second] = [takePiece(1000), takePiece(1000)];
    first.release();
    const third = takePiece(1000);
    expect(third.bytes.byteOffset).not.toBe(first.bytes.byteOffset);
    second.release();
    third.release();
    const fourth = takePiece(1000);
    expect(memoryOf(fourth)).toBe(memoryOf(first));
    expect(fourth.bytes.byteOffset).toBe(first.bytes.byteOffset);
    fourth.release();
  });

  it('keeps little after a burst', () => {
    const burst = Array.from({ length: 200 }, () => takePiece(60_000));
    const memories = new Set(burst.map(memoryOf));
    expect(memories.size).toBeGreaterThan(40);
    for (const { release } of burst) {
      release();
    }
    const later = Array.from({ length: 200 }, () => takePiece(60_000));
    const kept = later.filter((piece) => memories.has(memoryOf(piece)));
    expect(new Set(kept.map(memoryOf)).size).toBeLessThanOrEqual(9);
    for (const { release } of later) {
      release();
    }
  });

  it('gives large pieces memory of their own', () => {
    const [small, large] = [takePiece(10), takePiece(1_000_000)];
    expect(large.bytes).toHaveLength(1_000_000);
    expect(memoryOf(large)).not.toBe(memoryOf(small));
    large.release();
    small.release();
  });

  it('uses the memory of large ones again, and keeps little of it', () => {
    // What others have left, at most two.
    for (let left = 0; left < 2; left++) {
      takePiece(100_000);
    }
    const first = takePiece(300_000);
    const second = takePiece(300_000);
    expect(memoryOf(second)).not.toBe(memoryOf(first));
    first.release();
    const third = takePiece(200_000);
    expect(memoryOf(third)).toBe(memoryOf(first));
    expect(third.bytes).toHaveLength(200_000);
    third.release();
    second.release();
    const huge = takePiece(5_000_000);
    huge.release();
    const burst = Array.from({ length: 20 }, () => takePiece(400_000));
    const memories = new Set(burst.map(memoryOf));
    expect(memories.size).toBe(20);
    for (const { release } of burst) {
      release();
    }
    const later = Array.from({ length: 20 }, () => takePiece(400_000));
    const kept = later.filter((piece) => memories.has(memoryOf(piece)));
    expect(kept.length).toBeLessThanOrEqual(2);
    for (const { release } of later) {
      release();
    }
  });
});
