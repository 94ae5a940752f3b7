import { writeFile } from 'node:fs/promises';
import { parse, View, type Spec } from 'vega';

/** One curve: ms at which one more observer knew, in order, for each update. */
export interface Curve {
  name: string;
  curves: readonly (readonly number[])[];
}

interface Point {
  name: string;
  run: string;
  seconds: number;
  share: number;
}

/** Draws the share of the peers that know against time, one colour for each kind of update. */
export async function plotConvergence(
  file: string,
  title: string,
  kinds: readonly Curve[],
): Promise<void> {
  const view = new View(parse(specification(title, pointsOf(kinds))), {
    renderer: 'none',
  });
  await writeFile(file, `${await view.toSVG()}\n`);
  view.finalize();
}

function pointsOf(kinds: readonly Curve[]): Point[] {
  return kinds.flatMap(({ name, curves }) =>
    curves.flatMap((times, index) => {
      const run = `${name} ${index}`;
      const points = times
        .map((ms, known) => ({
          name,
          run,
          seconds: ms / 1000,
          share: (known + 1) / times.length,
        }))
        .filter(({ seconds }) => Number.isFinite(seconds));
      return [{ name, run, seconds: 0, share: 0 }, ...thin(points)];
    }),
  );
}

/** Thousands of points look no different from a few hundred. */
function thin<T>(points: readonly T[], most = 200): T[] {
  const step = Math.max(1, points.length / most);
  const kept: T[] = [];
  for (let at = 0; at < points.length; at += step) {
    kept.push(points[Math.floor(at)]!);
  }
  const last = points.at(-1);
  if (last && kept.at(-1) !== last) {
    kept.push(last);
  }
  return kept;
}

function specification(title: string, values: Point[]): Spec {
  return {
    width: 640,
    height: 360,
    padding: 10,
    background: 'white',
    title: { text: title },
    data: [{ name: 'points', values }],
    scales: [
      {
        name: 'time',
        type: 'symlog',
        constant: 0.1,
        domain: { data: 'points', field: 'seconds' },
        range: 'width',
        zero: true,
      },
      { name: 'share', domain: [0, 1], range: 'height' },
      {
        name: 'kind',
        type: 'ordinal',
        domain: { data: 'points', field: 'name' },
        range: 'category',
      },
    ],
    axes: [
      {
        orient: 'bottom',
        scale: 'time',
        title: 'seconds',
        format: '~g',
        values: [0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100],
        grid: true,
      },
      {
        orient: 'left',
        scale: 'share',
        title: 'share of the peers that know',
        format: '%',
        grid: true,
      },
    ],
    legends: [{ stroke: 'kind', symbolType: 'stroke' }],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'runs', data: 'points', groupby: 'run' } },
        marks: [
          {
            type: 'line',
            from: { data: 'runs' },
            encode: {
              enter: {
                x: { scale: 'time', field: 'seconds' },
                y: { scale: 'share', field: 'share' },
                stroke: { scale: 'kind', field: 'name' },
                strokeWidth: { value: 1.5 },
                interpolate: { value: 'step-after' },
              },
            },
          },
        ],
      },
    ],
  };
}
