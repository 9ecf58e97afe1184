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
  update(done: number): void;
  end(): void;
}

export interface StepOptions {
  readonly total?: number;
  readonly unit?: string;
}

const LINE_INTERVAL_MS = 2000;
const REWRITE_INTERVAL_MS = 100;

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
    const show = (done: number): void => {
      last = done;
      const now = this.#now();
      if (now - shown < (this.#rewrites ? REWRITE_INTERVAL_MS : LINE_INTERVAL_MS)) return;
      shown = now;
      this.#show(`${label} ${describe(done, (now - begin) / 1000, options)}`);
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

  #show(line: string): void {
    if (!this.#rewrites) {
      this.#stream.write(`${line}\n`);
      return;
    }
    const columns = this.#stream.columns || 80;
    this.#stream.write(`\r\x1b[2K${line.slice(0, Math.max(1, columns - 1))}`);
    this.#pending = true;
  }
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
