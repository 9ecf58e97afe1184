/**
 * Progress on a stream for people: on a terminal one line that is rewritten, otherwise a line every 2 seconds.
 * Off a terminal nothing is written about a step that ends within that time.
 */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Something that takes time; `done` and `total` are in `unit`s. */
export interface Step {
  update(done: number, more?: StepDetails): void;
  end(): void;
}

/** Holds until the next update. */
export interface StepDetails {
  /** Replaces the step's own total. */
  readonly total?: number;
  /** What to say behind the numbers, the most important first. */
  readonly details?: readonly string[];
}

export interface StepOptions {
  readonly total?: number;
  readonly unit?: string;
}

const LINE_INTERVAL_MS = 2000;
const REWRITE_INTERVAL_MS = 100;
/** Small enough to leave room on 80 columns for the demo's longest numbers and the phase of an index build. */
const BAR_CELLS = 8;

export class Progress {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #rewrites: boolean;
  /** A rewritten line is on the screen. */
  #pending = false;

  constructor(
    stream: ProgressStream,
    options: { now?: () => number; env?: Record<string, string | undefined> } = {},
  ) {
    this.#stream = stream;
    this.#now = options.now ?? (() => performance.now());
    this.#rewrites = stream.isTTY === true && (options.env ?? process.env).TERM !== 'dumb';
  }

  /** Begins a step; `label` says what is being done, as in "loading". */
  step(label: string, options: StepOptions = {}): Step {
    const begin = this.#now();
    let shown = this.#rewrites ? Number.NEGATIVE_INFINITY : begin;
    let last = 0;
    let lastMore: StepDetails = {};
    const show = (done: number, more: StepDetails = lastMore): void => {
      last = done;
      lastMore = more;
      const now = this.#now();
      if (now - shown < (this.#rewrites ? REWRITE_INTERVAL_MS : LINE_INTERVAL_MS)) return;
      shown = now;
      const counted = { ...options, ...more };
      const numbers = describe(done, (now - begin) / 1000, counted);
      const share = counted.total === undefined || done === 0 ? undefined : done / counted.total;
      this.#show({ label, numbers, share, details: more.details ?? [] });
    };
    // A step that says nothing of itself (a download, a query) still shows that time passes.
    const heartbeat = setInterval(() => show(last), this.#rewrites ? 250 : LINE_INTERVAL_MS);
    heartbeat.unref();
    show(0);
    return {
      update: show,
      end: () => {
        clearInterval(heartbeat);
        this.clear();
      },
    };
  }

  /** A line that stays. */
  note(message: string): void {
    this.clear();
    this.#stream.write(`${message}\n`);
  }

  /** Takes a rewritten line off the screen. */
  clear(): void {
    if (this.#pending) this.#stream.write('\r\x1b[2K');
    this.#pending = false;
  }

  #show(line: Line): void {
    if (!this.#rewrites) {
      this.#stream.write(`${[`${line.label} ${line.numbers}`, ...line.details].join('  ')}\n`);
      return;
    }
    this.#stream.write(`\r\x1b[2K${fit(line, Math.max(1, (this.#stream.columns || 80) - 1))}`);
    this.#pending = true;
  }
}

interface Line {
  readonly label: string;
  readonly numbers: string;
  /** Of the whole that is done, where that is known. */
  readonly share: number | undefined;
  readonly details: readonly string[];
}

/** As much as the room allows: label and numbers, then a bar, then the details, each of them whole or not at all. */
function fit({ label, numbers, share, details }: Line, room: number): string {
  let line = `${label} ${numbers}`;
  if (share !== undefined) {
    const full = Math.min(BAR_CELLS, Math.floor(share * BAR_CELLS));
    const barred = `${label} [${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${numbers}`;
    if (barred.length <= room) line = barred;
  }
  for (const detail of details) {
    if (line.length + 2 + detail.length > room) break;
    line += `  ${detail}`;
  }
  return line.slice(0, room);
}

/** "1,200 / 5,000 rows  24 %  600 rows/s", or only the seconds when there is nothing to count. */
function describe(done: number, seconds: number, { total, unit }: StepOptions): string {
  if (unit === undefined || done === 0) return `${seconds.toFixed(0)} s`;
  const count = (value: number): string => Math.round(value).toLocaleString('en-US');
  const of = total === undefined ? '' : ` / ${count(total)}`;
  const percent = total === undefined ? '' : `  ${Math.floor((100 * done) / total)} %`;
  const rate = seconds > 0 ? `  ${count(done / seconds)} ${unit}/s` : '';
  return `${count(done)}${of} ${unit}${percent}${rate}`;
}
