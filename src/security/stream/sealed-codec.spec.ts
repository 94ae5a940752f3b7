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
});
