/** Two runs as a chart: three rows of lines over one time axis. */
import type { Interval } from './metrics.js';
import { DURATION_MS, FAULT, type RunResult } from './run.js';

const WIDTH = 900;
const LEFT = 64;
const RIGHT = 32;
const ROW = 150;
const GAP = 40;
const TOP = 56;
const COLOURS = { without: '#b3403a', with: '#1f6f8b', offered: '#8a8a8a' } as const;
const STATE_COLOURS: Readonly<Record<string, string>> = {
  normal: '#5a9a68',
  stress: '#d9a441',
  critical: '#b3403a',
  unknown: '#b5b5b5',
};

interface Line {
  readonly colour: string;
  readonly dashed?: boolean;
  readonly values: readonly (number | null)[];
}

interface Row {
  readonly title: string;
  readonly most: number;
  readonly ticks: readonly number[];
  readonly lines: readonly Line[];
}

const x = (second: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * second * 1000) / DURATION_MS;
const short = (value: number): string => String(Math.round(value * 10) / 10);

/** A line is broken where there is no value, rather than drawn through 0. */
function path(
  values: readonly (number | null)[],
  seconds: readonly number[],
  y: (value: number) => number,
): string {
  let pen = 'M';
  let text = '';
  for (const [i, value] of values.entries()) {
    if (value === null) {
      pen = 'M';
      continue;
    }
    text += `${pen}${short(x(seconds[i]!))} ${short(y(value))}`;
    pen = 'L';
  }
  return text;
}

function rowOf({ title, most, ticks, lines }: Row, top: number, seconds: readonly number[]): string {
  const y = (value: number): number => top + ROW - (ROW * Math.min(value, most)) / most;
  return [
    `<text x="${LEFT}" y="${top - 8}" class="t">${title}</text>`,
    ...ticks.map(
      (tick) =>
        `<path d="M${LEFT} ${short(y(tick))}H${WIDTH - RIGHT}" class="g"/><text x="${LEFT - 8}" y="${short(y(tick) + 4)}" class="n">${tick}</text>`,
    ),
    ...lines.map(
      ({ colour, dashed, values }) =>
        `<path d="${path(values, seconds, y)}" fill="none" stroke="${colour}" stroke-width="${dashed ? 1.2 : 2}"${dashed ? ' stroke-dasharray="3 3"' : ''}/>`,
    ),
  ].join('\n');
}

/** Where the states of a run begin and end, from its log. */
function stateBand({ log }: RunResult, top: number): string {
  const end = DURATION_MS / 1000;
  const changes = [{ second: 0, to: log.transitions[0]?.from ?? 'unknown' }, ...log.transitions];
  return changes
    .map(({ second, to }, i) => {
      const until = changes[i + 1]?.second ?? end;
      return `<rect x="${short(x(second))}" y="${top}" width="${short(x(until) - x(second))}" height="10" fill="${STATE_COLOURS[to]}"><title>${to}</title></rect>`;
    })
    .join('\n');
}

/** A chart of both runs as an SVG document, about 11 kB, with no script and nothing from elsewhere. */
export function chartSvg(without: RunResult, withGate: RunResult): string {
  const seconds = withGate.intervals.map(({ second }) => second + 5);
  const pick = (run: RunResult, of: (interval: Interval) => number | null): readonly (number | null)[] =>
    run.intervals.map(of);
  const both = (of: (interval: Interval) => number | null): readonly Line[] => [
    { colour: COLOURS.without, values: pick(without, of) },
    { colour: COLOURS.with, values: pick(withGate, of) },
  ];
  const most = Math.max(
    20,
    ...[without, withGate].flatMap(({ intervals }) => intervals.map(({ goodput }) => goodput.bulk)),
  );
  const rows: readonly Row[] = [
    {
      title: 'Interactive jobs answered, a second (dashed: new ones)',
      most: 50,
      ticks: [0, 20, 40],
      lines: [
        {
          colour: COLOURS.offered,
          dashed: true,
          values: pick(withGate, ({ offered }) => offered.interactive),
        },
        ...both(({ goodput }) => goodput.interactive),
      ],
    },
    {
      title: 'Bulk jobs answered, a second',
      most,
      ticks: [0, 10, 20],
      lines: both(({ goodput }) => goodput.bulk),
    },
    {
      title: 'Jobs in the queues',
      most: 320,
      ticks: [0, 100, 200, 300],
      lines: both(({ queued }) => queued),
    },
    {
      title: 'lambda (dashed: 0.8 and 0.3, where stress and critical begin)',
      most: 1,
      ticks: [0, 0.5, 1],
      lines: [
        ...[0.8, 0.3].map(
          (level): Line => ({
            colour: COLOURS.offered,
            dashed: true,
            values: seconds.map(() => level),
          }),
        ),
        ...both(({ lambdaPpm }) => (lambdaPpm === null ? null : lambdaPpm / 1e6)),
      ],
    },
  ];
  const bottom = TOP + rows.length * (ROW + GAP) - GAP;
  const height = bottom + 70;
  const healed = FAULT.atSecond + FAULT.forSeconds;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="A job system without and with the gate">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600}.n{text-anchor:end}.c{text-anchor:middle}.g{stroke:#e3e3e3;fill:none}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<rect x="${short(x(FAULT.atSecond))}" y="${TOP}" width="${short(x(healed) - x(FAULT.atSecond))}" height="${bottom - TOP}" fill="#f6ecd9"/>`,
    `<text x="${LEFT}" y="20"><tspan fill="${COLOURS.without}" font-weight="600">without the gate</tspan><tspan dx="16" fill="${COLOURS.with}" font-weight="600">with the gate</tspan><tspan dx="16">shaded: ${FAULT.workers.length} of 4 workers are dead</tspan></text>`,
    ...rows.map((row, i) => rowOf(row, TOP + i * (ROW + GAP), seconds)),
    `<text x="${LEFT}" y="${bottom + 18}" class="t">State, with the gate</text>`,
    `<text x="${WIDTH - RIGHT - 10}" y="${bottom + 18}" class="n">${Object.entries(STATE_COLOURS)
      .map(([name, colour]) => `<tspan dx="10" fill="${colour}" font-weight="600">${name}</tspan>`)
      .join('')}</text>`,
    stateBand(withGate, bottom + 26),
    ...[0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600].map(
      (second) => `<text x="${short(x(second))}" y="${bottom + 54}" class="c">${second} s</text>`,
    ),
    '</svg>',
  ].join('\n')}\n`;
}
