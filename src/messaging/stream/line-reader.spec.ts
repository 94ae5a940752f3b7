import { LineReader } from './line-reader.js';

function reader(maxBytes = 100) {
  const lines: string[] = [];
  return {
    lines,
    reader: new LineReader(maxBytes, (line) => lines.push(line)),
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

  it('refuses what is not UTF-8', () => {
    const { reader: lineReader } = reader();
    expect(() => lineReader.feed(Buffer.from([0xff, 0x0a]))).toThrow('UTF-8');
  });
});
