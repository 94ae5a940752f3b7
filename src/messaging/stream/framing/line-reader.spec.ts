import { BodyBudget } from '../../../security/index.js';
import { LineReader } from './line-reader.js';

function reader(maxBytes = 100) {
  const lines: string[] = [];
  return {
    lines,
    reader: new LineReader({ maxBytes }, (line) => lines.push(line)),
  };
}

describe('LineReader', () => {
  it('cuts lines wherever the chunks are cut', () => {
    const bytes = Buffer.from('{"a":"é€😀"}\n\n[1]\nrest');
    for (let size = 1; size <= bytes.length; size++) {
      const { reader: lineReader, lines } = reader();
      for (let at = 0; at < bytes.length; at += size) {
        lineReader.feed(bytes.subarray(at, at + size));
      }
      expect(lines).toEqual(['{"a":"é€😀"}', '', '[1]']);
    }
  });

  it('keeps no more of a line than it may', () => {
    const { reader: lineReader, lines } = reader(10);
    lineReader.feed(Buffer.from('12345\n'));
    lineReader.feed(Buffer.from('12345'));
    expect(() => lineReader.feed(Buffer.from('678901'))).toThrow(
      'longer than 10 bytes',
    );
    expect(lines).toEqual(['12345']);
  });

  it('keeps no more of all lines than they may have together', () => {
    const budget = new BodyBudget(50_000);
    const open = () => {
      const bounds = { maxBytes: 100_000, account: budget.open() };
      return new LineReader(bounds, () => undefined);
    };
    const [first, second] = [open(), open()];
    const part = Buffer.alloc(60_000, 'x');
    const line = Buffer.from(`${'x'.repeat(60_000)}\n`);
    first.feed(part);
    second.feed(line);
    expect(() => second.feed(part)).toThrow('no room');
    second.close();
    // What a line has taken is free when it is complete, and when its reader closes.
    first.feed(line.subarray(50_000));
    const third = open();
    third.feed(part);
    third.close();
    third.feed(part);
    expect(() => first.feed(part)).not.toThrow();
  });

  it('refuses what is not UTF-8', () => {
    const { reader: lineReader } = reader();
    expect(() => lineReader.feed(Buffer.from([0xff, 0x0a]))).toThrow('UTF-8');
  });
});
