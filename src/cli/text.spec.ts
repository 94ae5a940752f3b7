import type { Output } from './io.js';
import {
  clean,
  fit,
  jsonLine,
  Painter,
  table,
  widthOf,
  type Column,
} from './text.js';

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
    ['a', 'x'.repeat(30), 'x'.repeat(20), 'last', ''],
    ['日本', 'y', '', '', ''],
  ];
  const columns = ['ONE', 'TWO', 'THREE', 'FOUR', 'EMPTY'].map(
    (head, at): Column<string[]> => ({
      head,
      cell: (row) => ({ text: row[at]! }),
      gives: at === 2 ? 1 : 0,
    }),
  );
  const linesOf = (output: Output) =>
    table(columns, rows, output, plain).trimEnd().split('\n');

  it('is complete where it is piped, without columns in which nothing is', () => {
    const [head, first, second] = linesOf(PIPE);
    expect(head).toMatch(/^ONE {3}TWO +THREE +FOUR$/);
    expect(first).toContain(`${'x'.repeat(30)}  ${'x'.repeat(20)}  last`);
    expect(second!.indexOf('y')).toBe(head!.indexOf('TWO') - 2);
  });

  it('fits the line of a terminal: some columns give way before others', () => {
    const lines = linesOf(terminal(55));
    expect(lines.map(widthOf).every((width) => width <= 55)).toBe(true);
    expect(lines[1]).toMatch(/ x{30} {2}x{9,12}… {2}last$/);
    const narrow = linesOf(terminal(40));
    expect(narrow.map(widthOf).every((width) => width <= 40)).toBe(true);
    expect(narrow[1]).toMatch(/ x{7,}… {2}x{7}… {2}last$/);
  });

  it('keeps a little of every column', () => {
    expect(linesOf(terminal(10))[1]).toMatch(/x{7}… {2}x{7}… {2}last$/);
  });
});
