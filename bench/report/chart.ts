import { parse, View, type Spec } from 'vega';
import { requestReplyCell } from '../parts/request-reply.js';
import type { Findings } from '../runner/findings.js';

const CELL = requestReplyCell({ bytes: 60, inFlight: 64 });

/** What readers of the chart know this package by. */
const NAME = 'nestjs-peercloud';

interface Bar {
  title: string;
  thousands: number;
  label: string;
  ours: boolean;
}

/** An SVG of how many messages of 60 B a second each contender gets across, 64 in flight. */
export async function chart(findings: Findings): Promise<string> {
  const view = new View(parse(spec(bars(findings))), { renderer: 'none' });
  return view.toSVG();
}

function bars({ contenders, samples }: Findings): Bar[] {
  return contenders
    .flatMap(({ id, title }) => {
      const key = { cell: CELL, contender: id, metric: 'rate' };
      const rate = samples.median(key);
      if (rate === undefined) {
        return [];
      }
      const thousands = rate / 1000;
      const label = thousands.toFixed(thousands < 10 ? 1 : 0);
      const ours = id.startsWith('ours');
      return [{ title: title.replace(/^ours/, NAME), thousands, label, ours }];
    })
    .sort((a, b) => b.thousands - a.thousands);
}

function spec(values: Bar[]): Spec {
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: 520,
    height: { signal: "bandspace(domain('y').length, 0.2, 0.1) * 22" },
    padding: 12,
    background: 'white',
    title: {
      text: 'Messages a second, each with its reply',
      subtitle:
        'Bodies of 60 B, 64 in flight, one sender and one receiver on loopback; longer is better',
      anchor: 'start',
      fontSize: 15,
      subtitleFontSize: 12,
      subtitlePadding: 4,
      subtitleColor: '#4b5563',
      offset: 14,
    },
    data: [{ name: 'bars', values }],
    scales: [
      {
        name: 'x',
        type: 'linear',
        domain: { data: 'bars', field: 'thousands' },
        range: 'width',
        nice: true,
        zero: true,
      },
      {
        name: 'y',
        type: 'band',
        domain: { data: 'bars', field: 'title' },
        range: { step: 22 },
        paddingInner: 0.2,
        paddingOuter: 0.1,
      },
    ],
    axes: [
      {
        orient: 'left',
        scale: 'y',
        labelFontSize: 12,
        labelLimit: 0,
        ticks: false,
        domain: false,
        labelPadding: 8,
      },
      {
        orient: 'bottom',
        scale: 'x',
        grid: true,
        tickCount: 6,
        title: 'thousands a second',
        titleFontWeight: 'normal',
        titlePadding: 8,
      },
    ],
    marks: [
      {
        type: 'rect',
        from: { data: 'bars' },
        encode: {
          enter: {
            y: { scale: 'y', field: 'title' },
            height: { scale: 'y', band: 1 },
            x: { scale: 'x', value: 0 },
            x2: { scale: 'x', field: 'thousands' },
            fill: [
              { test: 'datum.ours', value: '#e0234e' },
              { value: '#9aa5b1' },
            ],
          },
        },
      },
      {
        type: 'text',
        from: { data: 'bars' },
        encode: {
          enter: {
            y: { scale: 'y', field: 'title', band: 0.5 },
            x: { scale: 'x', field: 'thousands', offset: 5 },
            baseline: { value: 'middle' },
            fontSize: { value: 11 },
            text: { field: 'label' },
          },
        },
      },
    ],
  };
}
