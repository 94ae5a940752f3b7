import { clean, fit, jsonLine, Painter, table, widthOf } from './text.js';

const PIPE = { write: () => true };
const terminal = (columns: number) => ({ ...PIPE, isTTY: true, columns });
const plain = new Painter(PIPE, {});

describe('what goes to a terminal', () => {
  it('has no control characters, and does not turn the direction', () => {
    expect(clean('a\u001b[31mb\n\u009b\u202ec')).toBe(
      'a\ufffd[31mb\ufffd\ufffd\ufffdc',
    );
    const line = jsonLine({ text: '\u001b\u007f\u009b\u202e' });
    expect(line).toBe(String.raw`{"text":"\u001b\u007f\u009b\u202e"}`);
    expect(JSON.parse(line)).toEqual({ text: '\u001b\u007f\u009b\u202e' });
  });

  it('is measured as a terminal shows it', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('日本')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(widthOf('👩‍💻')).toBe(2);
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('日本語', 5)).toBe('日本…');
  });

  it('has colours only where they are wanted', () => {
    const painted = (columns: number | undefined, env = {}) =>
      new Painter({ ...PIPE, isTTY: columns !== undefined }, env).paint(
        'x',
        'red',
      );
    expect(painted(80)).toBe('\u001b[31mx\u001b[0m');
    expect(painted(undefined)).toBe('x');
    expect(painted(80, { NO_COLOR: '1' })).toBe('x');
    expect(painted(80, { TERM: 'dumb' })).toBe('x');
  });
});

describe('a table', () => {
  const rows = [
    [{ text: 'a' }, { text: 'x'.repeat(50) }, { text: 'last' }],
    [{ text: '日本' }, { text: 'y' }, { text: '' }],
  ];
  const heads = ['ONE', 'TWO', 'THREE'];

  it('fits the line of a terminal: the widest column gives way', () => {
    const lines = table(heads, rows, terminal(40), plain).trimEnd().split('\n');
    expect(lines.map(widthOf).every((width) => width <= 40)).toBe(true);
    expect(lines[1]).toContain('xxx…');
    expect(lines[1]).toContain('last');
    expect(lines[2]!.indexOf('y')).toBe(lines[0]!.indexOf('TWO') - 2);
  });

  it('keeps a little of every column, and is complete where it is piped', () => {
    expect(table(heads, rows, terminal(10), plain)).toContain('xxxxx…');
    expect(table(heads, rows, PIPE, plain)).toContain('x'.repeat(50));
  });
});
