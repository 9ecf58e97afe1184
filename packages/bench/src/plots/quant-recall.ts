/** Recall against bytes, from a report of suite `quant`, as SVG that needs nothing else. */
import { BenchError } from '../errors.js';
import type { BenchReport } from '../report.js';
import { validateReport } from '../validate.js';
import { circle, escapeXml, round, styleOf } from './svg.js';

/** One codec on one data set. */
interface Point {
  readonly data: string;
  readonly codec: string;
  readonly bytes: number;
  /** By estimates alone. */
  readonly recall: number;
  /** With exact distances of the best hundred. */
  readonly reranked: number;
}

/** What shares a colour and a shape; those with a line are one kind at several widths. */
interface Series {
  readonly label: string;
  readonly matches: RegExp;
  readonly line: boolean;
  /** On a light ground and on a dark one. */
  readonly colours: readonly [light: string, dark: string];
  /** Path around the origin. */
  readonly shape: string;
}

/** Colours that the colour-blind can tell apart (Okabe and Ito, "Color universal design", 2008), darkened and lightened. */
const allSeries: readonly Series[] = [
  {
    label: 'RaBitQ, 1 to 8 bits',
    matches: /^RaBitQ /,
    line: true,
    colours: ['#005f9e', '#56b4e9'],
    shape: circle,
  },
  {
    label: 'product, 8 bits',
    matches: /^product 8 /,
    line: true,
    colours: ['#b34700', '#f28e4b'],
    shape: 'M-4,-4h8v8h-8z',
  },
  {
    label: 'product, 4 bits',
    matches: /^product 4 /,
    line: true,
    colours: ['#8a6d00', '#f0e442'],
    shape: 'M0,-5.5L5.5,0L0,5.5L-5.5,0z',
  },
  { label: 'OPQ', matches: /^OPQ /, line: false, colours: ['#a0487d', '#e3a3c8'], shape: 'M0,-5L5,4H-5z' },
  {
    label: 'int4, int8',
    matches: /^int[48]\b/,
    line: false,
    colours: ['#00734f', '#2fc79b'],
    shape: 'M0,5L5,-4H-5z',
  },
  {
    label: 'two-level',
    matches: /^two-level /,
    line: true,
    colours: ['#4b4b9b', '#a9a9ff'],
    shape: 'M-5,-2.5h10v5h-10z',
  },
  {
    label: 'float16, bfloat16',
    matches: /^b?float16$/,
    line: false,
    colours: ['#555555', '#bbbbbb'],
    shape: 'M-2.5,-5h5v10h-5z',
  },
  {
    label: 'binary',
    matches: /^binary$/,
    line: false,
    colours: ['#b00020', '#ff7b7b'],
    shape: 'M-4.5,-1.5h3v-3h3v3h3v3h-3v3h-3v-3h-3z',
  },
];

const PANEL = { width: 400, height: 340, left: 62, top: 52, gap: 70 } as const;
const WIDTH = 2 * (PANEL.left + PANEL.width) + PANEL.gap - 40;
const HEIGHT = 520;

/** Recalls that have a line; 1 stands where the least error that can be told from none ends. */
const RECALLS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999] as const;
const LEAST_ERROR = 0.0004;

/** Errors on a logarithmic scale, the best on top: 0 to 1. */
function heightOf(recall: number): number {
  return Math.log10(Math.max(LEAST_ERROR, 1 - recall)) / Math.log10(LEAST_ERROR);
}

/** The cases `recall, <data>, <codec>` of a report. */
function pointsOf({ results }: BenchReport): readonly Point[] {
  const figures = new Map<string, Map<string, number>>();
  for (const { case: name, metric, ours } of results) {
    if (!name.startsWith('recall, ')) continue;
    const known = figures.get(name) ?? new Map<string, number>();
    figures.set(name, known.set(metric, ours));
  }
  return [...figures].map(([name, metrics]) => {
    const [, data = '', codec = ''] = /^recall, (.*?), (.*)$/.exec(name) ?? [];
    const figure = (metric: string): number => {
      const value = metrics.get(metric);
      if (value === undefined)
        throw new BenchError('BENCH_USAGE', `the report has no ${metric} of "${name}"`);
      return value;
    };
    return {
      data,
      codec,
      bytes: figure('bytes'),
      recall: figure('recall'),
      reranked: figure('recall_100'),
    };
  });
}

class Panel {
  readonly #left: number;
  readonly #points: readonly Point[];
  /** Of bytes, to powers of two. */
  readonly #range: readonly [least: number, most: number];

  constructor(index: number, points: readonly Point[]) {
    this.#left = PANEL.left + index * (PANEL.width + PANEL.gap);
    this.#points = points;
    const bytes = points.map((point) => Math.log2(point.bytes));
    this.#range = [Math.floor(Math.min(...bytes)), Math.ceil(Math.max(...bytes) + 0.01)];
  }

  #x(bytes: number): number {
    const [least, most] = this.#range;
    return this.#left + (PANEL.width * (Math.log2(bytes) - least)) / (most - least);
  }

  #y(recall: number): number {
    return PANEL.top + PANEL.height * (1 - heightOf(recall));
  }

  #axes(title: string): string[] {
    const right = this.#left + PANEL.width;
    const bottom = PANEL.top + PANEL.height;
    const [least, most] = this.#range;
    const powers = Array.from({ length: most - least + 1 }, (_, i) => 2 ** (least + i));
    return [
      `<text class="title" x="${round(this.#left)}" y="${PANEL.top - 16}">${escapeXml(title)}</text>`,
      ...[...RECALLS, 1].flatMap((recall) => {
        const y = round(this.#y(recall));
        return [
          `<path class="grid" d="M${round(this.#left)},${y}H${round(right)}"/>`,
          `<text class="tick" text-anchor="end" x="${round(this.#left - 8)}" y="${y}" dy="4">${recall}</text>`,
        ];
      }),
      ...powers.flatMap((bytes) => {
        const x = round(this.#x(bytes));
        return [
          `<path class="grid" d="M${x},${PANEL.top}V${bottom}"/>`,
          `<text class="tick" text-anchor="middle" x="${x}" y="${bottom + 18}">${bytes}</text>`,
        ];
      }),
      `<text class="label" text-anchor="middle" x="${round(this.#left + PANEL.width / 2)}" y="${bottom + 40}">bytes a vector, factors included</text>`,
      `<text class="label" text-anchor="middle" transform="translate(${round(this.#left - 46)},${PANEL.top + PANEL.height / 2}) rotate(-90)">recall@10</text>`,
    ];
  }

  #series({ matches, line, shape }: Series, index: number): string[] {
    const points = this.#points.filter(({ codec }) => matches.test(codec)).sort((a, b) => a.bytes - b.bytes);
    if (points.length === 0) return [];
    const drawn = (of: (point: Point) => number, kind: 'alone' | 'reranked'): string[] => {
      const path = points
        .map((point) => `${round(this.#x(point.bytes))},${round(this.#y(of(point)))}`)
        .join('L');
      return [
        ...(line && points.length > 1 ? [`<path class="line ${kind} s${index}" d="M${path}"/>`] : []),
        ...points.map((point) => {
          const place = `translate(${round(this.#x(point.bytes))},${round(this.#y(of(point)))})`;
          const what = kind === 'alone' ? 'estimates alone' : 'exact distances of the best 100';
          const title = `${point.codec}: ${point.bytes} bytes, recall ${of(point).toFixed(4)}, ${what}`;
          return `<path class="mark ${kind} s${index}" transform="${place}" d="${shape}"><title>${escapeXml(title)}</title></path>`;
        }),
      ];
    };
    return [...drawn(({ reranked }) => reranked, 'reranked'), ...drawn(({ recall }) => recall, 'alone')];
  }

  draw(title: string): string[] {
    return [...this.#axes(title), ...allSeries.flatMap((series, index) => this.#series(series, index))];
  }
}

/** Filled for estimates alone, hollow and dashed for what is reranked. */
const MARKS = [
  '.mark.alone{fill:var(--c);stroke:var(--c)}.mark.reranked{fill:none;stroke:var(--c);stroke-width:1.5}',
  '.line{fill:none;stroke:var(--c);stroke-width:1.5}.line.reranked{stroke-dasharray:4 3}',
].join('\n');

function legend(): string[] {
  const top = PANEL.top + PANEL.height + 74;
  const columns = 4;
  const width = (WIDTH - PANEL.left) / columns;
  return [
    ...allSeries.flatMap(({ label, shape }, index) => {
      const x = PANEL.left + (index % columns) * width;
      const y = top + Math.floor(index / columns) * 22;
      return [
        `<path class="key s${index}" style="fill:var(--c)" transform="translate(${round(x)},${y})" d="${shape}"/>`,
        `<text x="${round(x + 14)}" y="${y}" dy="4">${escapeXml(label)}</text>`,
      ];
    }),
    `<text class="tick" x="${PANEL.left}" y="${top + 48}">Filled, solid: by estimates alone. Hollow, dashed: with exact distances of the best 100. Vertical: 1 - recall on a logarithmic scale.</text>`,
  ];
}

/**
 * Draws the recalls of a report, a panel a data set, at most two.
 *
 * @throws BenchError `BENCH_USAGE` for what is no report of this suite with recalls
 */
export function plotRecall(report: unknown): string {
  const problems = validateReport(report);
  if (problems.length > 0) throw new BenchError('BENCH_USAGE', `no report: ${problems[0]}`);
  const points = pointsOf(report as BenchReport);
  const names = [...new Set(points.map(({ data }) => data))].slice(0, 2);
  if (names.length === 0) throw new BenchError('BENCH_USAGE', 'the report has no figures of recall');
  const { mode } = report as BenchReport;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t d">`,
    '<title id="t">Recall against bytes</title>',
    `<desc id="d">Recall@10 of the codecs of @ruvector/quant against the bytes of a code, on ${escapeXml(names.join(' and '))}; ${mode} run of suite quant.</desc>`,
    `<style>\n${styleOf(
      allSeries.map(({ colours }) => colours),
      MARKS,
    )}\n</style>`,
    ...names.flatMap((name, index) =>
      new Panel(
        index,
        points.filter(({ data }) => data === name),
      ).draw(name),
    ),
    ...legend(),
    '</svg>',
  ].join('\n')}\n`;
}
