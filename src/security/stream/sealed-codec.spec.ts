import { MAX_RECORD_BYTES, SealedCodec } from './sealed-codec.js';

const KEYS = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;

describe('SealedCodec', () => {
  it('opens a record that comes byte by byte, in few pieces', () => {
    const sender = new SealedCodec(KEYS[0], KEYS[1]);
    const receiver = new SealedCodec(KEYS[1], KEYS[0]);
    const text = 'x'.repeat(MAX_RECORD_BYTES);
    const sealed = sender.seal(text);
    const opened: Buffer[] = [];
    for (let at = 0; at < sealed.length; at++) {
      opened.push(...receiver.open(sealed.subarray(at, at + 1)));
    }
    expect(Buffer.concat(opened).toString()).toBe(text);
    expect(opened.length).toBeLessThan(1000);
  });

  it('seals and opens the same whether it was made ready before, and is low when it has to be', () => {
    const [sender, receiver] = [
      new SealedCodec(KEYS[0], KEYS[1]),
      new SealedCodec(KEYS[1], KEYS[0]),
    ];
    const unprepared = new SealedCodec(KEYS[0], KEYS[1]);
    expect(sender.isLow).toBe(true);
    sender.prepare();
    receiver.prepare();
    expect(sender.isLow).toBe(false);
    let low = 0;
    for (let record = 0; record < 20; record++) {
      const sealed = sender.seal(`record ${record}`);
      expect(sealed).toEqual(unprepared.seal(`record ${record}`));
      expect(String(receiver.open(sealed))).toBe(`record ${record}`);
      low += Number(sender.isLow);
      if (record % 7 === 0) {
        sender.prepare();
        receiver.prepare();
      }
    }
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(20);
  });
});
