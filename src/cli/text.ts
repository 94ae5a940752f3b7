import type { Output } from './io.js';

/** What peers say of themselves must not move the cursor, nor turn the reading direction. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Characters that take two places of a line: East Asian ones and emoji. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A colour by its number in the terminal. */
const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

export type Colour = keyof typeof COLOURS;

/** A text of somebody else as a terminal may have it. */
export function clean(text: string): string {
  return text.replace(UNSAFE, '\ufffd');
}

/** A value as one line of JSON that is harmless in a terminal, too. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Places that a text takes in a line of a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}

/** The beginning of a text that fits, with `…` where something is left out. */
export function fit(text: string, places: number): string {
  if (widthOf(text) <= places) {
    return text;
  }
  let width = 1;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > places) {
      break;
    }
    kept += segment;
  }
  return `${kept}…`;
}

/** Writes in colours, where there is a terminal that has them and nobody minds. */
export class Painter {
  readonly #isOn: boolean;

  constructor({ isTTY }: Output, env: Readonly<Record<string, unknown>>) {
    this.#isOn = isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  paint(text: string, colour: Colour | undefined): string {
    return this.#isOn && colour
      ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m`
      : text;
  }
}

/** A cell of a table; its text is cleaned there. */
export interface Cell {
  text: string;
  colour?: Colour;
}

export interface Column<T> {
  head: string;
  cell: (row: T) => Cell;
  /** Where the table is too wide, those with the higher number give way first. Default 0. */
  gives?: number;
}

const GAP = '  ';

/** Places that a column keeps, whatever has to fit. */
const LEAST = 8;

/**
 * A table whose columns are as wide as what is in them; empty ones are left out. Where the line of a
 * terminal is shorter, some give way; what is piped is complete.
 */
export function table<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { isTTY, columns: places }: Output,
  painter: Painter,
): string {
  const shown = columns
    .map((column) => ({
      ...column,
      cells: rows.map(column.cell).map(cleanCell),
    }))
    .filter(
      ({ cells }) =>
        cells.length === 0 || cells.some(({ text }) => text !== ''),
    )
    .map(({ head, cells, gives = 0 }) => {
      const all: Cell[] = [{ text: head, colour: 'bold' }, ...cells];
      const width = Math.max(...all.map(({ text }) => widthOf(text)));
      return { all, width, gives };
    });
  if (isTTY && places) {
    shrink(shown, places - GAP.length * (shown.length - 1));
  }
  const lines = [columns, ...rows].map((_row, line) =>
    shown
      .map(({ all, width }) => {
        const { text, colour } = all[line]!;
        const fitting = fit(text, width);
        const rest = ' '.repeat(width - widthOf(fitting));
        return painter.paint(fitting, colour) + rest;
      })
      .join(GAP)
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Takes from the widest of those that give first, as long as they have something to give. */
function shrink(
  columns: { width: number; gives: number }[],
  places: number,
): void {
  let over = columns.reduce((sum, { width }) => sum + width, 0) - places;
  for (; over > 0; over--) {
    const [first] = columns
      .filter(({ width }) => width > LEAST)
      .sort((one, two) => two.gives - one.gives || two.width - one.width);
    if (!first) {
      return;
    }
    first.width--;
  }
}

function cleanCell(cell: Cell): Cell {
  return { ...cell, text: clean(cell.text) };
}
