/** A table as it is shown on the terminal and in the Markdown file alike. */
export interface Table {
  title: string;
  /** What a reader must know to read it. */
  note?: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Markdown with padded columns, which reads well unrendered too; the first column is text, the others figures. */
export function renderTable({ title, note, head, rows }: Table): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((line) => (line[column] ?? '').length)),
  );
  const render = (line: readonly string[]): string =>
    `| ${widths
      .map((width, column) => {
        const cell = line[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [
    `## ${title}`,
    ...(note === undefined ? [] : ['', note]),
    '',
    render(head),
    render(rule),
    ...rows.map(render),
  ].join('\n');
}

/** A figure with as many digits as mean something. */
export function format(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) {
    return '–';
  }
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits);
}
