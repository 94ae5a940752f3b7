import fc from 'fast-check';
import { textBytes, writeText } from './text-parts.js';

const strings = fc.string({ unit: 'binary', maxLength: 40 });

it('writes parts as it writes them joined', () => {
  fc.assert(
    fc.property(fc.array(strings, { maxLength: 5 }), fc.nat(9), (parts, at) => {
      const whole = Buffer.from(parts.join(''));
      expect(textBytes(parts)).toBe(whole.length);
      expect(textBytes(parts.join(''))).toBe(whole.length);
      for (const text of [parts, parts.join('')]) {
        const memory = Buffer.alloc(at + whole.length + 1);
        const bytes = memory.subarray(0, at + whole.length);
        writeText(text, bytes, at);
        expect(bytes.subarray(at).equals(whole)).toBe(true);
        expect(memory[at + whole.length]).toBe(0);
      }
    }),
  );
});
