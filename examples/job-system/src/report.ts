/** Two runs as text. */
import { KINDS } from './kinds.js';
import { type Interval, OBJECTIVE, type Summary } from './metrics.js';
import { FAULT, type LoggedTransition, type RunResult } from './run.js';

type Column = readonly [title: string, width: number, cell: (interval: Interval) => string];

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, each) => total + each, 0);
const lambda = (ppm: number | null): string => (ppm === null ? '-' : (ppm / 1e6).toFixed(2));

const COLUMNS: readonly Column[] = [
  ['tries', 6, ({ attempts }) => attempts.toFixed(0)],
  ['inter', 6, ({ goodput }) => goodput.interactive.toFixed(1)],
  ['bulk', 5, ({ goodput }) => goodput.bulk.toFixed(1)],
  ['vain', 5, ({ wasted }) => wasted.toFixed(0)],
  ['p99 ms', 7, ({ p99Ms }) => (p99Ms === null ? '-' : String(p99Ms))],
  ['queued', 7, ({ queued }) => String(queued)],
  ['lambda', 7, ({ lambdaPpm }) => lambda(lambdaPpm)],
  ['state', 9, ({ state }) => state],
];
const REFUSED: Column = ['refused', 8, ({ refused }) => String(sum(refused))];

/** Both runs, ten seconds a line. */
export function timelineText(without: RunResult, withGate: RunResult): string {
  const left = COLUMNS;
  const right = [...COLUMNS, REFUSED];
  const width = (columns: readonly Column[]): number => columns.reduce((total, [, each]) => total + each, 0);
  const line = (columns: readonly Column[], of: (column: Column) => string): string =>
    columns.map((column) => of(column).padStart(column[1])).join('');
  const lines = [
    `${' '.repeat(10)} | ${'without the gate'.padEnd(width(left))} | with the gate`,
    `${'s'.padStart(4)}${'new'.padStart(6)} | ${line(left, ([title]) => title)} | ${line(right, ([title]) => title)}`,
  ];
  const healed = FAULT.atSecond + FAULT.forSeconds;
  for (const [i, a] of without.intervals.entries()) {
    const b = withGate.intervals[i];
    if (b === undefined) break;
    if (a.second === FAULT.atSecond) lines.push(`---- ${FAULT.workers.join(' and ')} die`);
    if (a.second === healed) lines.push(`---- ${FAULT.workers.join(' and ')} are back`);
    const start = `${String(a.second).padStart(4)}${a.offered.interactive.toFixed(1).padStart(6)}`;
    const cells = (columns: readonly Column[], of: Interval): string =>
      line(columns, ([, , cell]) => cell(of));
    lines.push(`${start} | ${cells(left, a)} | ${cells(right, b)}`);
  }
  return `${lines.map((each) => each.trimEnd()).join('\n')}\n`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** What came of both. */
export function summaryText(without: RunResult, withGate: RunResult): string {
  const rows: [string, (summary: Summary) => string][] = [
    ['interactive jobs/s answered, before', ({ interactive }) => interactive.before.toFixed(1)],
    ['                            during', ({ interactive }) => interactive.during.toFixed(1)],
    ['                            after', ({ interactive }) => interactive.after.toFixed(1)],
    [
      `minutes with < ${OBJECTIVE.share * 100} % within ${OBJECTIVE.withinMs / 1000} s`,
      ({ minutesBelow }) => minutesBelow.toFixed(1),
    ],
    [
      'seconds from repair to well',
      ({ recoverySeconds }) => (recoverySeconds === null ? 'never' : String(recoverySeconds)),
    ],
    ...KINDS.map((kind): [string, (summary: Summary) => string] => [
      `${kind} jobs lost`,
      ({ jobs }) => `${jobs[kind].gaveUp} (${percent(jobs[kind].gaveUp, jobs[kind].born)})`,
    ]),
    ['jobs done for nobody', ({ wasted }) => String(wasted)],
  ];
  const line = (title: string, a: string, b: string): string =>
    `${title.padEnd(36)}${a.padStart(18)}${b.padStart(18)}`;
  return `${[
    line('', 'without the gate', 'with the gate'),
    ...rows.map(([title, of]) => line(title, of(without.summary), of(withGate.summary))),
  ].join('\n')}\n`;
}

function transitionText({ second, from, to, lambdaPpm, binding, witness }: LoggedTransition): string {
  const edges = witness.map(({ source, target, type }) => `${source}-${target} (${type})`).join(', ');
  return `  ${String(second).padStart(3)} s  ${from} -> ${to}, lambda ${lambda(lambdaPpm)}, ${binding}: ${edges || '-'}`;
}

/** The log of one run. */
export function logText({ log }: RunResult): string {
  const verdict = log.verified ? 'verified against a signed checkpoint' : 'DOES NOT VERIFY';
  const replay = log.replayed ? 'a replay gives the same states' : 'A REPLAY GIVES OTHER STATES';
  return `${[
    `the log of the run with the gate: ${log.records} records, ${verdict}; ${replay}`,
    ...log.transitions.map(transitionText),
  ].join('\n')}\n`;
}

/** Everything. */
export function reportText(without: RunResult, withGate: RunResult): string {
  return [timelineText(without, withGate), summaryText(without, withGate), logText(withGate)].join('\n');
}

function range(values: readonly number[], digits: number, unit = ''): string {
  const [least, most] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
  return `${least === most ? least : `${least} to ${most}`}${unit}`;
}

/** Many runs as a table in Markdown: the least and the most of each figure over the seeds. */
export function seedsTable(groups: readonly (readonly [name: string, runs: readonly RunResult[]])[]): string {
  const shareOf = (runs: readonly RunResult[], part: 'during' | 'after'): string =>
    range(
      runs.map(({ summary: { interactive } }) => (100 * interactive[part]) / interactive.before),
      0,
      ' %',
    );
  const recovery = (runs: readonly RunResult[]): string => {
    const seconds = runs.map(({ summary }) => summary.recoverySeconds);
    const known = seconds.filter((each) => each !== null);
    if (known.length === 0) return 'never';
    return known.length === seconds.length ? range(known, 0, ' s') : `${range(known, 0, ' s')}, or never`;
  };
  const lost = (runs: readonly RunResult[], kind: (typeof KINDS)[number]): string =>
    range(
      runs.map(({ summary: { jobs } }) => (100 * jobs[kind].gaveUp) / jobs[kind].born),
      1,
      ' %',
    );
  const minutes = (runs: readonly RunResult[]): string =>
    range(
      runs.map(({ summary }) => summary.minutesBelow),
      1,
    );
  const rows: readonly (readonly [string, (runs: readonly RunResult[]) => string])[] = [
    ['interactive answered during the fault, of before', (runs) => shareOf(runs, 'during')],
    ['after it, of before', (runs) => shareOf(runs, 'after')],
    ['minutes below the objective', minutes],
    ['from repair to well', recovery],
    [
      'changes of state',
      (runs) =>
        range(
          runs.map(({ log }) => log.transitions.length),
          0,
        ),
    ],
    ...KINDS.map((kind) => [`${kind} lost`, (runs: readonly RunResult[]) => lost(runs, kind)] as const),
  ];
  return [
    `| | ${groups.map(([name]) => name).join(' | ')} |`,
    `|---|${groups.map(() => '---').join('|')}|`,
    ...rows.map(([title, of]) => `| ${title} | ${groups.map(([, runs]) => of(runs)).join(' | ')} |`),
  ].join('\n');
}
