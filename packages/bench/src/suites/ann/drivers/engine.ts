/** What the driver of a peer in JavaScript does; `protocol.ts` asks for it. */

/** Parameters of a build, by name. */
export type Settings = Readonly<Record<string, number>>;

/** What an index is built of. */
export interface Source {
  readonly count: number;
  readonly dimensions: number;
  /** Rows from `first` on; row n has id n. */
  read(first: number, count: number): Float32Array;
}

/** Means over the queries. */
export interface Counters {
  readonly hops: number;
  readonly distances: number;
  readonly estimates: number;
  readonly bytes: number;
}

export type Ids = ArrayLike<number> | ArrayLike<bigint> | readonly string[];

export interface Engine {
  /** What a reader must know of it. */
  readonly details?: Readonly<Record<string, string>>;
  /** Rows that `add` gets at once; infinity where the library wants all. */
  readonly blockRows: number;
  /** Whether a graph that was saved can be loaded and go on growing. */
  readonly resumable: boolean;
  /** Begins an empty index; `file` is where it will be, for libraries that write as they go. */
  begin(source: Source, settings: Settings, threads: number, file: string): void | Promise<void>;
  add(first: number, rows: Float32Array): void | Promise<void>;
  /** What is left of a build after the last row. */
  finish?(): void | Promise<void>;
  save(file: string): void | Promise<void>;
  /** Goes on with a graph that `save` wrote, in the build that `begin` began. */
  resume?(file: string): void | Promise<void>;
  load(file: string, source: Source, settings: Settings, how: 'load' | 'view'): void | Promise<void>;
  /** Takes the queries in the form that the library likes best; not timed. */
  prepare(queries: readonly Float32Array[]): void;
  /** Candidates, or lists. */
  setEffort(effort: number): void | Promise<void>;
  /** Nearest first. Synchronous where the library is. */
  search(query: number, k: number): Ids | Promise<Ids>;
  /** Lays out what `searchMany` is asked next, as a caller has it; not timed. */
  gather?(queries: readonly number[]): void;
  /** Many on so many threads, each query once. */
  searchMany?(queries: readonly number[], k: number, threads: number): void | Promise<void>;
  counters?(k: number): Counters | Promise<Counters>;
}

/** The vectors with these numbers, one after the other. */
export function matrixOf(vectors: readonly Float32Array[], numbers: readonly number[]): Float32Array {
  const dimensions = vectors[0]?.length ?? 0;
  const all = new Float32Array(numbers.length * dimensions);
  for (const [i, number] of numbers.entries()) all.set(vectors[number] as Float32Array, i * dimensions);
  return all;
}

/** So many searches under way at once, for libraries whose searches are asynchronous. */
export async function inFlight(
  queries: readonly number[],
  width: number,
  search: (query: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < queries.length) await search(queries[next++] as number);
  };
  await Promise.all(Array.from({ length: width }, work));
}
