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
        const bytes = Buffer.alloc(at + whole.length + 1);
        writeText(text, bytes, at);
        expect(bytes.subarray(at, at + whole.length).equals(whole)).toBe(true);
        expect(bytes[at + whole.length]).toBe(0);
      }
    }),
  );
});
