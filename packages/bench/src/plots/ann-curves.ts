/** Queries a second against recall, from a report of suite `ann`, as SVG that needs nothing else. */
import { BenchError } from '../errors.js';
import type { BenchReport } from '../report.js';
import { validateReport } from '../validate.js';
import { circle, escapeXml, round, styleOf } from './svg.js';

/** One contender with one effort. */
interface Point {
  readonly data: string;
  readonly who: string;
  readonly effort: number;
  readonly recall: number;
  readonly qps: number;
}

interface Series {
  /** As the report names it; ours with the kind. */
  readonly who: string;
  readonly label: string;
  readonly colours: readonly [light: string, dark: string];
  readonly shape: string;
}

const allSeries: readonly Series[] = [
  { who: 'ruvector qg', label: 'ruvector qg', colours: ['#b00020', '#ff7b7b'], shape: circle },
  { who: 'ruvector hnsw', label: 'ruvector hnsw', colours: ['#a0487d', '#e3a3c8'], shape: 'M-4,-4h8v8h-8z' },
  {
    who: 'SymphonyQG',
    label: 'SymphonyQG (C++)',
    colours: ['#005f9e', '#56b4e9'],
    shape: 'M0,-5.5L5.5,0L0,5.5L-5.5,0z',
  },
  { who: 'hnswlib', label: 'hnswlib (C++)', colours: ['#00734f', '#2fc79b'], shape: 'M0,-5L5,4H-5z' },
  { who: 'hnswlib-node', label: 'hnswlib-node', colours: ['#4f8f00', '#a5d65c'], shape: 'M0,5L5,-4H-5z' },
  { who: 'usearch', label: 'usearch', colours: ['#b34700', '#f28e4b'], shape: 'M-5,-2.5h10v5h-10z' },
  { who: 'LanceDB', label: 'LanceDB', colours: ['#8a6d00', '#f0e442'], shape: 'M-2.5,-5h5v10h-5z' },
  {
    who: '@ruvector/core',
    label: '@ruvector/core',
    colours: ['#555555', '#bbbbbb'],
    shape: 'M-4.5,-1.5h3v-3h3v3h3v3h-3v3h-3v-3h-3z',
  },
];

const PANEL = { width: 400, height: 340, left: 74, top: 52, gap: 80 } as const;
const HEIGHT = 510;
const COLUMNS = 4;

/** Recalls that have a line. */
const RECALLS = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999] as const;
/** What is beyond is drawn there. */
const [LEAST, MOST] = [0.5, 0.9995] as const;

/** Errors on a logarithmic scale: 0 to 1. */
function placeOf(recall: number): number {
  const log = (value: number): number => Math.log10(1 - value);
  return (log(LEAST) - log(Math.min(MOST, Math.max(LEAST, recall)))) / (log(LEAST) - log(MOST));
}

/** The cases `curve <kind>, <data>, effort <n>` of a report; below a recall of .5 nobody looks. */
function pointsOf({ results }: BenchReport): readonly Point[] {
  const points: Point[] = [];
  for (const { case: name, metric, ours, peers } of results) {
    const [, kind, data = '', effort] = /^curve (.*?), (.*), effort (\d+)$/.exec(name) ?? [];
    if (kind === undefined || metric !== 'qps') continue;
    const recalls = results.find((each) => each.case === name && each.metric === 'recall');
    if (recalls === undefined) throw new BenchError('BENCH_USAGE', `the report has no recall of "${name}"`);
    const add = (who: string, qps: number | null, recall: number | null | undefined): void => {
      if (qps === null || recall === null || recall === undefined || recall < LEAST) return;
      points.push({ data, who, effort: Number(effort), recall, qps });
    };
    add(`ruvector ${kind}`, ours, recalls.ours);
    for (const [who, qps] of Object.entries(peers)) add(who, qps, recalls.peers[who]);
  }
  return points;
}

class Panel {
  readonly #left: number;
  readonly #points: readonly Point[];
  /** Of queries a second, to powers of ten. */
  readonly #range: readonly [least: number, most: number];

  constructor(index: number, points: readonly Point[]) {
    this.#left = PANEL.left + index * (PANEL.width + PANEL.gap);
    this.#points = points;
    const logs = points.map(({ qps }) => Math.log10(qps));
    this.#range = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs) + 0.001)];
  }

  #x(recall: number): number {
    return this.#left + PANEL.width * placeOf(recall);
  }

  #y(qps: number): number {
    const [least, most] = this.#range;
    return PANEL.top + PANEL.height * (1 - (Math.log10(qps) - least) / (most - least));
  }

  #axes(title: string): string[] {
    const right = this.#left + PANEL.width;
    const bottom = PANEL.top + PANEL.height;
    const [least, most] = this.#range;
    const decades = Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i));
    const middle = PANEL.top + PANEL.height / 2;
    return [
      `<text class="title" x="${round(this.#left)}" y="${PANEL.top - 16}">${escapeXml(title)}</text>`,
      ...decades.flatMap((qps) => {
        const y = round(this.#y(qps));
        return [
          `<path class="grid" d="M${round(this.#left)},${y}H${round(right)}"/>`,
          `<text class="tick" text-anchor="end" x="${round(this.#left - 8)}" y="${y}" dy="4">${qps.toLocaleString('en-US')}</text>`,
        ];
      }),
      ...RECALLS.flatMap((recall) => {
        const x = round(this.#x(recall));
        return [
          `<path class="grid" d="M${x},${PANEL.top}V${bottom}"/>`,
          `<text class="tick" text-anchor="middle" x="${x}" y="${bottom + 18}">${recall}</text>`,
        ];
      }),
      `<text class="label" text-anchor="middle" x="${round(this.#left + PANEL.width / 2)}" y="${bottom + 40}">recall@10</text>`,
      `<text class="label" text-anchor="middle" transform="translate(${round(this.#left - 58)},${middle}) rotate(-90)">queries a second, one thread</text>`,
    ];
  }

  #series({ who, label, shape }: Series, index: number): string[] {
    const points = this.#points.filter((each) => each.who === who).sort((a, b) => a.effort - b.effort);
    if (points.length === 0) return [];
    const place = ({ recall, qps }: Point): string => `${round(this.#x(recall))},${round(this.#y(qps))}`;
    return [
      `<path class="line s${index}" d="M${points.map(place).join('L')}"/>`,
      ...points.map((point) => {
        const { effort, recall, qps } = point;
        const title = `${label}, effort ${effort}: recall ${recall.toFixed(4)}, ${Math.round(qps).toLocaleString('en-US')} queries a second`;
        return `<path class="mark s${index}" transform="translate(${place(point)})" d="${shape}"><title>${escapeXml(title)}</title></path>`;
      }),
    ];
  }

  draw(title: string): string[] {
    return [...this.#axes(title), ...allSeries.flatMap((series, index) => this.#series(series, index))];
  }
}

function legend(points: readonly Point[], width: number): string[] {
  const top = PANEL.top + PANEL.height + 72;
  const column = (width - PANEL.left) / COLUMNS;
  const there = allSeries.flatMap((series, index) =>
    points.some(({ who }) => who === series.who) ? [{ ...series, index }] : [],
  );
  return there.flatMap(({ label, shape, index }, place) => {
    const x = PANEL.left + (place % COLUMNS) * column;
    const y = top + Math.floor(place / COLUMNS) * 22;
    return [
      `<path class="mark s${index}" transform="translate(${round(x)},${y})" d="${shape}"/>`,
      `<text x="${round(x + 14)}" y="${y}" dy="4">${escapeXml(label)}</text>`,
    ];
  });
}

/**
 * Draws the curves of a report, a panel a data set.
 *
 * @throws BenchError `BENCH_USAGE` for what is no report of this suite with curves
 */
export function plotCurves(report: unknown): string {
  const problems = validateReport(report);
  if (problems.length > 0) throw new BenchError('BENCH_USAGE', `no report: ${problems[0]}`);
  const points = pointsOf(report as BenchReport);
  const names = [...new Set(points.map(({ data }) => data))];
  if (names.length === 0) throw new BenchError('BENCH_USAGE', 'the report has no curves');
  const { mode } = report as BenchReport;
  // A legend needs the room of two panels.
  const width = PANEL.left + Math.max(2, names.length) * (PANEL.width + PANEL.gap) - 40;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-labelledby="t d">`,
    '<title id="t">Queries a second against recall</title>',
    `<desc id="d">Queries a second against recall@10, one thread, on ${escapeXml(names.join(', '))}; ${mode} run of suite ann.</desc>`,
    `<style>\n${styleOf(
      allSeries.map(({ colours }) => colours),
      '.mark{fill:var(--c)}.line{fill:none;stroke:var(--c);stroke-width:1.5}',
    )}\n</style>`,
    ...names.flatMap((name, index) =>
      new Panel(
        index,
        points.filter(({ data }) => data === name),
      ).draw(name),
    ),
    ...legend(points, width),
    '</svg>',
  ].join('\n')}\n`;
}
