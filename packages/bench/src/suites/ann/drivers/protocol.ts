/**
 * The other end of `driver-process.ts` for peers in JavaScript; the same requests as native/driver.h. A line of a verb and
 * fields with tabs between them, answered by a line of JSON or by `error <why>`.
 *
 * A build of a library that can go on with a saved graph is kept every `checkpoint` seconds: `<file>.<rows>.partial`, and then
 * `<file>.progress`, which says how far that is and what it cost.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Engine, Ids, Source } from './engine.js';

/** A read is at most so long: Linux gives no more than 2 GiB at once. */
const READ_BYTES = 2 ** 30;

class RowsFile implements Source {
  readonly #file: string;
  readonly count: number;
  readonly dimensions: number;

  constructor(file: string, count: number, dimensions: number) {
    this.#file = file;
    this.count = count;
    this.dimensions = dimensions;
  }

  read(first: number, count: number): Float32Array {
    const values = new Float32Array(count * this.dimensions);
    const bytes = new Uint8Array(values.buffer);
    const start = 4 * first * this.dimensions;
    const descriptor = openSync(this.#file, 'r');
    try {
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(descriptor, bytes, at, Math.min(READ_BYTES, bytes.length - at), start + at);
        if (read === 0) throw new Error(`${this.#file} has too few rows`);
        at += read;
      }
    } finally {
      closeSync(descriptor);
    }
    return values;
  }
}

/** The fields of a request. */
class Request {
  readonly verb: string;
  readonly #fields: ReadonlyMap<string, string>;

  constructor(line: string) {
    const [verb = '', ...fields] = line.split('\t');
    this.verb = verb;
    this.#fields = new Map(
      fields.map((field) => {
        const equals = field.indexOf('=');
        return [field.slice(0, equals), field.slice(equals + 1)];
      }),
    );
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    if (value === undefined) throw new Error(`${this.verb} wants ${name}`);
    return value;
  }

  number(name: string): number {
    const value = Number(this.text(name));
    if (!Number.isFinite(value)) throw new Error(`${name} is no number: ${this.text(name)}`);
    return value;
  }

  /** All that are numbers. */
  numbers(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#fields]
        .map(([name, value]): [string, number] => [name, Number(value)])
        .filter(([, value]) => Number.isFinite(value)),
    );
  }
}

/** A line of /proc/self/status in bytes; 0 where there is none. */
function statusBytes(name: string): number {
  if (!existsSync('/proc/self/status')) return 0;
  const [, kilobytes] =
    new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return 1024 * Number(kilobytes ?? 0);
}

/** Of a file, or of all below a folder. */
function bytesOf(path: string): number {
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

interface Progress {
  readonly rows: number;
  readonly wall: number;
  readonly cpu: number;
}

/** Builds, with what is needed to go on after an interruption. */
class Build {
  readonly #engine: Engine;
  readonly #source: Source;
  readonly #file: string;
  #kept = 0;

  constructor(engine: Engine, source: Source, file: string) {
    this.#engine = engine;
    this.#source = source;
    this.#file = file;
  }

  #partial(rows: number): string {
    return `${this.#file}.${rows}.partial`;
  }

  async #resume(): Promise<Progress> {
    const file = `${this.#file}.progress`;
    if (this.#engine.resume === undefined || !existsSync(file)) return { rows: 0, wall: 0, cpu: 0 };
    const progress = JSON.parse(readFileSync(file, 'utf8')) as Progress;
    await this.#engine.resume(this.#partial(progress.rows));
    this.#kept = progress.rows;
    return progress;
  }

  async #keep(progress: Progress): Promise<void> {
    await this.#engine.save(this.#partial(progress.rows));
    writeFileSync(`${this.#file}.progress.tmp`, JSON.stringify(progress));
    renameSync(`${this.#file}.progress.tmp`, `${this.#file}.progress`);
    if (this.#kept > 0) rmSync(this.#partial(this.#kept), { force: true });
    this.#kept = progress.rows;
  }

  /** Seconds of the library's own work, those before an interruption included. */
  async run(request: Request): Promise<{ wall: number; cpu: number }> {
    const engine = this.#engine;
    const { count } = this.#source;
    let [wall, cpu] = [0, 0];
    const timed = async (work: () => void | Promise<void>): Promise<void> => {
      const [startWall, startCpu] = [now(), cpuSeconds()];
      await work();
      wall += now() - startWall;
      cpu += cpuSeconds() - startCpu;
    };
    await timed(() => engine.begin(this.#source, request.numbers(), request.number('threads'), this.#file));
    const before = await this.#resume();
    wall += before.wall;
    cpu += before.cpu;
    const pause = request.number('checkpoint');
    let kept = now();
    for (let first = before.rows; first < count; ) {
      const rows = this.#source.read(first, Math.min(engine.blockRows, count - first));
      await timed(() => engine.add(first, rows));
      first += rows.length / this.#source.dimensions;
      if (engine.resumable && first < count && now() - kept >= pause) {
        await this.#keep({ rows: first, wall, cpu });
        kept = now();
      }
    }
    await timed(async () => engine.finish?.());
    await engine.save(this.#file);
    rmSync(`${this.#file}.progress`, { force: true });
    if (this.#kept > 0) rmSync(this.#partial(this.#kept), { force: true });
    return { wall, cpu };
  }
}

/** Answers the requests about one engine. */
class Driver {
  readonly #engine: Engine;
  #source: Source | undefined;
  #asked = 0;
  #effort: number | undefined;
  /** Bytes of the process before the index was loaded. */
  #before = { anonymous: 0, mapped: 0 };

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  #data(): Source {
    if (this.#source === undefined) throw new Error('there are no data yet');
    return this.#source;
  }

  async #setEffort(effort: number): Promise<void> {
    if (effort === this.#effort) return;
    await this.#engine.setEffort(effort);
    this.#effort = effort;
  }

  async #build(request: Request): Promise<object> {
    const file = request.text('file');
    const spent = await new Build(this.#engine, this.#data(), file).run(request);
    return { ...spent, peak: statusBytes('VmHWM'), bytes: bytesOf(file) };
  }

  async #load(request: Request): Promise<object> {
    this.#before = { anonymous: statusBytes('RssAnon'), mapped: statusBytes('RssFile') };
    const how = request.text('how') === 'view' ? 'view' : 'load';
    this.#effort = undefined;
    const start = now();
    await this.#engine.load(request.text('file'), this.#data(), request.numbers(), how);
    return { wall: now() - start };
  }

  #memory(): object {
    const { anonymous, mapped } = this.#before;
    return {
      anonymous: Math.max(0, statusBytes('RssAnon') - anonymous),
      mapped: Math.max(0, statusBytes('RssFile') - mapped),
    };
  }

  async #found(k: number): Promise<object> {
    const ids: number[][] = [];
    for (let query = 0; query < this.#asked; query++) {
      const found: Ids = await this.#engine.search(query, k);
      ids.push(Array.from(found as ArrayLike<unknown>, Number));
    }
    return { ids };
  }

  async #time(k: number, queries: readonly number[], repeats: number, threads: number): Promise<object> {
    const engine = this.#engine;
    if (threads > 1) engine.gather?.(queries);
    const start = process.hrtime.bigint();
    if (threads > 1) {
      if (engine.searchMany === undefined) throw new Error('it searches on one thread alone');
      for (let repeat = 0; repeat < repeats; repeat++) await engine.searchMany(queries, k, threads);
    } else {
      for (let repeat = 0; repeat < repeats; repeat++)
        for (const query of queries) {
          const found = engine.search(query, k);
          // An await costs what a fast search does.
          if (found instanceof Promise) await found;
        }
    }
    return { ns: Number(process.hrtime.bigint() - start) };
  }

  async #latencies(k: number, queries: readonly number[]): Promise<object> {
    const ns: number[] = [];
    for (const query of queries) {
      const start = process.hrtime.bigint();
      const found = this.#engine.search(query, k);
      if (found instanceof Promise) await found;
      ns.push(Number(process.hrtime.bigint() - start));
    }
    return { ns };
  }

  async answer(line: string): Promise<object> {
    const request = new Request(line);
    const queriesOf = (): number[] => {
      const first = request.number('first');
      return Array.from({ length: request.number('count') }, (_, i) => (first + i) % this.#asked);
    };
    switch (request.verb) {
      case 'start':
        return this.#engine.details ?? {};
      case 'data': {
        const dimensions = request.number('dimensions');
        this.#source = new RowsFile(request.text('rows'), request.number('count'), dimensions);
        this.#asked = request.number('asked');
        const queries = new RowsFile(request.text('queries'), this.#asked, dimensions).read(0, this.#asked);
        this.#engine.prepare(
          Array.from({ length: this.#asked }, (_, query) =>
            queries.slice(query * dimensions, (query + 1) * dimensions),
          ),
        );
        return {};
      }
      case 'build':
        return this.#build(request);
      case 'load':
        return this.#load(request);
      case 'memory':
        return this.#memory();
    }
    const k = request.number('k');
    await this.#setEffort(request.number('effort'));
    switch (request.verb) {
      case 'found':
        return this.#found(k);
      case 'time':
        return this.#time(k, queriesOf(), request.number('repeats'), request.number('threads'));
      case 'latencies':
        return this.#latencies(k, queriesOf());
      case 'counters':
        return (await this.#engine.counters?.(k)) ?? {};
      default:
        throw new Error('no such request');
    }
  }
}

/** Answers until the requests end. */
export async function serve(engine: Engine, input: Readable, output: Writable): Promise<void> {
  const driver = new Driver(engine);
  for await (const line of createInterface({ input })) {
    let answer: string;
    try {
      answer = JSON.stringify(await driver.answer(line));
    } catch (error) {
      answer = `error ${(error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')}`;
    }
    output.write(`${answer}\n`);
  }
}
