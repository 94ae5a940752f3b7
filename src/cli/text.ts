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

const GAP = '  ';

/** Places that a column keeps, whatever has to fit. */
const LEAST = 6;

/**
 * A table whose columns are as wide as what is in them. Where the line of a terminal is shorter, the widest
 * give way; what is piped is complete.
 */
export function table(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  { isTTY, columns }: Output,
  painter: Painter,
): string {
  const lines = [
    heads.map((text): Cell => ({ text, colour: 'bold' })),
    ...rows.map((row) =>
      row.map((cell) => ({ ...cell, text: clean(cell.text) })),
    ),
  ];
  const widths = heads.map((_head, at) =>
    Math.max(...lines.map((line) => widthOf(line[at]!.text))),
  );
  if (isTTY && columns) {
    shrink(widths, columns - GAP.length * (heads.length - 1));
  }
  return lines
    .map((line) => {
      const cells = line.map(({ text, colour }, at) => {
        const shown = fit(text, widths[at]!);
        const isLast = at === line.length - 1;
        const rest = isLast ? 0 : widths[at]! - widthOf(shown);
        return painter.paint(shown, colour) + ' '.repeat(rest);
      });
      return `${cells.join(GAP).trimEnd()}\n`;
    })
    .join('');
}

function shrink(widths: number[], places: number): void {
  for (let over = sum(widths) - places; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= LEAST) {
      return;
    }
    widths[widths.lastIndexOf(widest)]!--;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
