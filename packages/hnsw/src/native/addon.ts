/** The contract between src/native and native/addon; nobody else calls it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

declare const indexBrand: unique symbol;
declare const filterBrand: unique symbol;
declare const cursorBrand: unique symbol;

/** What the addon holds on to. */
export interface IndexRef {
  readonly [indexBrand]: true;
}
export interface FilterRef {
  readonly [filterBrand]: true;
}
export interface CursorRef {
  readonly [cursorBrand]: true;
}

export type Ids = Float64Array | BigInt64Array | string[];

/** Keys: numbers, or UTF-8 and where each string ends. */
export type NativeKeys = Float64Array | BigInt64Array | Uint8Array;
export type Ends = Uint32Array | undefined;

export type NativeVectors = Float32Array | Uint16Array | Int8Array | Uint8Array;

/** ids, distances, [hops, distances, estimates, bytes] */
export type NativeResult = [Ids, Float32Array, Float64Array];

/** What the addon throws, with the number of the code and the row that it is about. */
export interface NativeError extends Error {
  readonly kind: number;
  readonly row: number;
  readonly errno: number;
}

/** The arguments of each kind of work, in their order; `save` and the like give nothing. */
export interface Work {
  add: [IndexRef, NativeKeys, Ends, NativeVectors, boolean, number];
  remove: [IndexRef, NativeKeys, Ends, boolean];
  search: [IndexRef, NativeVectors, number, number, FilterRef | undefined, number];
  repair: [IndexRef, number];
  compact: [IndexRef, number];
  calibrate: [IndexRef, number, number, number];
  check: [IndexRef];
  save: [IndexRef, string];
  load: [string, boolean];
}

export interface WorkResults {
  add: undefined;
  remove: undefined;
  search: [...NativeResult, Uint32Array];
  repair: undefined;
  compact: undefined;
  calibrate: undefined;
  check: string[];
  save: undefined;
  load: IndexRef;
}

/** The words of a work's control array. */
export const control = { stop: 0, done: 1, total: 2, phase: 3, length: 4 } as const;

/** In the order of native/addon/work.cpp: check, build, refine, train, write, read, repair, search, truth, remove. */
export const phases = [
  'read',
  'build',
  'refine',
  'train',
  'write',
  'read',
  'repair',
  'search',
  'search',
  'repair',
] as const;

export interface Addon {
  readonly abi: number;
  /** The instruction set of the kernels. */
  readonly variant: string;
  create(options: Uint32Array): IndexRef;
  share(index: IndexRef): string;
  attach(name: string): IndexRef | undefined;
  close(index: IndexRef): void;
  /** The twelve options of `create`, and 1 where the index is read only. */
  options(index: IndexRef): Uint32Array;
  /** [size, dead, unreachable, vectors, links, codes, keys, total], degrees */
  stats(index: IndexRef): [Float64Array, Uint32Array];
  size(index: IndexRef): number;
  /** Rows, and places of rows that are dead. */
  sizes(index: IndexRef): [number, number];
  searchMany(
    index: IndexRef,
    queries: NativeVectors,
    k: number,
    effort: number,
    filter: FilterRef | undefined,
  ): [...NativeResult, Uint32Array];
  search(
    index: IndexRef,
    query: NativeVectors,
    k: number,
    effort: number,
    filter: FilterRef | undefined,
  ): NativeResult;
  range(
    index: IndexRef,
    query: NativeVectors,
    radius: number,
    limit: number,
    effort: number,
    filter: FilterRef | undefined,
  ): NativeResult;
  open(index: IndexRef, query: NativeVectors, effort: number, filter: FilterRef | undefined): CursorRef;
  more(index: IndexRef, cursor: CursorRef): NativeResult | undefined;
  /** Gives up a cursor's memory. */
  end(cursor: CursorRef): void;
  has(index: IndexRef, key: NativeKeys, ends: Ends): boolean;
  get(index: IndexRef, key: NativeKeys, ends: Ends, vector: NativeVectors): boolean;
  keys(index: IndexRef, from: number, most: number): [Ids, number | undefined];
  filterOfKeys(index: IndexRef, keys: NativeKeys, ends: Ends): [FilterRef, number];
  filterOfBitmap(index: IndexRef, bitmap: Uint8Array): [FilterRef, number];
  effortFor(index: IndexRef, recall: number): number;
  add(index: IndexRef, keys: NativeKeys, ends: Ends, vectors: NativeVectors, replace: boolean): void;
  update(index: IndexRef, key: NativeKeys, ends: Ends, vector: NativeVectors): void;
  remove(index: IndexRef, key: NativeKeys, ends: Ends): void;
  become(index: IndexRef, kind: number): void;
  start<N extends keyof Work>(
    name: N,
    args: Work[N],
    control: Int32Array,
    callback: (error: NativeError | undefined, result: WorkResults[N]) => void,
  ): void;
}

const supportedAbi = 2;

// Two folders up from src/native/ and from dist/native/ alike.
const packageFolder = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);

/** The command that builds the addon here. */
const cure = `node ${packageFolder}native/build.mjs`;

/**
 * Files to try, best first: what native/build.mjs has made here, which no package contains; then the prebuild for this
 * platform, by node-gyp-build's names. What stands in the way of the second is put into `tried`.
 */
function* addonFiles(tried: string[]): Generator<string> {
  yield `${packageFolder}native/build/Release/hnsw.node`;
  let prebuilt: string;
  try {
    prebuilt = (require('node-gyp-build') as { path(folder: string): string }).path(packageFolder);
  } catch (error) {
    tried.push((error instanceof Error ? error.message : String(error)).split('\n')[0]);
    return;
  }
  yield prebuilt;
}

/** The addon, or why there is none and how to get it. */
export function loadAddon(): { readonly addon: Addon } | { readonly reason: string } {
  const tried: string[] = [];
  for (const file of addonFiles(tried)) {
    if (!existsSync(file)) {
      tried.push(`${file} does not exist`);
      continue;
    }
    try {
      const addon = require(file) as Addon;
      if (addon.abi === supportedAbi) return { addon };
      tried.push(`${file} is of another version (interface ${addon.abi}, expected ${supportedAbi})`);
    } catch (error) {
      tried.push(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { reason: `no native addon: ${tried.join('; ')}. To build it, run: ${cure}` };
}
