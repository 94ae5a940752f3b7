import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const colours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const started = performance.now();

/** Colours a text, where the terminal shows colours. */
export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text) : text;
}

/** Prints a heading of the show. */
export function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`);
}

/** Prints a line with the seconds since the start. */
export function line(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  console.log(`${paint('dim', `${seconds.padStart(7)} s`)}  ${text}`);
}

/** A duration for people: `4.2 ms`, `1.31 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Prints rows under their column names, in columns as wide as they have to be. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const format = (cells: readonly string[]) =>
    cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ');
  console.log(`  ${paint('dim', format(columns).trimEnd())}`);
  for (const row of rows) {
    console.log(`  ${format(row).trimEnd()}`);
  }
}
