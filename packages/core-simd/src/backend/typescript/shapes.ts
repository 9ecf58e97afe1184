/**
 * The shapes beyond the pair, of one kernel: written once, as generators that yield between slices, for the synchronous
 * functions and for long work alike.
 */
import { typedArrayGetter } from '../../check.js';
import { NoRow } from '../no-row.js';
import type { Elements, Job, Shapes } from '../types.js';
import { Nearest } from './nearest.js';

const lengthOf = typedArrayGetter<number>('length');

/** One metric of one type. */
export interface Kernel {
  pair(a: Elements, b: Elements, n: number): number;
  /** The n elements from `start` on as `score` takes a query. */
  prepare(elements: Elements, start: number, n: number): Elements;
  /** The score of the row that starts at `offset`. */
  score(query: Elements, rows: Elements, offset: number, n: number): number;
}

/** Elements of a slice: about a millisecond. */
const sliceElements = 500_000;

/** Rows of a slice. A row is never cut: one of very many dimensions is a slice of its own. */
function sliceRows(n: number): number {
  return Math.max(1, Math.floor(sliceElements / (n + 8)));
}

function* many(kernel: Kernel, [query, rows, out]: Parameters<Shapes['many']>): Generator<number, void> {
  const n = lengthOf.call(query);
  const count = n === 0 ? 0 : lengthOf.call(rows) / n;
  const prepared = kernel.prepare(query, 0, n);
  const step = sliceRows(n);
  for (let row = 0; row < count; ) {
    const end = Math.min(count, row + step);
    for (; row < end; row++) out[row] = kernel.score(prepared, rows, row * n, n);
    yield row;
  }
}

function* gather(
  kernel: Kernel,
  [query, rows, indices, out]: Parameters<Shapes['gather']>,
): Generator<number, void> {
  const n = lengthOf.call(query);
  const count = lengthOf.call(rows) / n;
  const wanted = lengthOf.call(indices);
  const prepared = kernel.prepare(query, 0, n);
  const step = sliceRows(n);
  for (let i = 0; i < wanted; ) {
    const end = Math.min(wanted, i + step);
    for (; i < end; i++) {
      const row = indices[i];
      if (row >= count) throw new NoRow(row);
      out[i] = kernel.score(prepared, rows, row * n, n);
    }
    yield i;
  }
}

function* matrix(kernel: Kernel, [a, b, n, out]: Parameters<Shapes['matrix']>): Generator<number, void> {
  const aCount = lengthOf.call(a) / n;
  const bCount = lengthOf.call(b) / n;
  const step = sliceRows(n);
  for (let i = 0; i < aCount; i++) {
    const prepared = kernel.prepare(a, i * n, n);
    for (let j = 0; j < bCount; ) {
      const end = Math.min(bCount, j + step);
      for (; j < end; j++) out[i * bCount + j] = kernel.score(prepared, b, j * n, n);
      if (j < bCount) yield i;
    }
    yield i + 1;
  }
}

function* topK(
  kernel: Kernel,
  largest: boolean,
  [query, rows, indices, scores]: Parameters<Shapes['topK']>,
): Generator<number, void> {
  const n = lengthOf.call(query);
  const count = lengthOf.call(rows) / n;
  const prepared = kernel.prepare(query, 0, n);
  const nearest = new Nearest(lengthOf.call(indices), largest, indices, scores);
  const step = sliceRows(n);
  for (let row = 0; row < count; ) {
    const end = Math.min(count, row + step);
    for (; row < end; row++) nearest.offer(kernel.score(prepared, rows, row * n, n), row);
    if (row === count) nearest.sort();
    yield row;
  }
}

function finish(slices: Generator<number, void>): void {
  while (slices.next().done !== true);
}

/** All shapes of a kernel. */
export function shapesOf(kernel: Kernel, largest: boolean, result: Float64Array): Shapes {
  return {
    pair(a, b) {
      const n = lengthOf.call(a);
      if (lengthOf.call(b) !== n) throw new RangeError('two lengths');
      result[0] = kernel.pair(a, b, n);
    },
    many: (...args) => finish(many(kernel, args)),
    gather: (...args) => finish(gather(kernel, args)),
    matrix: (...args) => finish(matrix(kernel, args)),
    topK: (...args) => finish(topK(kernel, largest, args)),
  };
}

/** The same in slices. */
export function slicesOf(kernel: Kernel, job: Job): Generator<number, void> {
  switch (job.shape) {
    case 'many':
      return many(kernel, job.args);
    case 'gather':
      return gather(kernel, job.args);
    case 'matrix':
      return matrix(kernel, job.args);
    case 'topK':
      return topK(kernel, job.metric === 'dot', job.args);
  }
}
