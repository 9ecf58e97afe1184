/**
 * Distances of a type and a metric, on core-simd's kernels.
 *
 * Inside the index a distance is what costs least and orders rows as the metric does: squared for l2. `result()` makes
 * what users see of it. Sums that leave float32 order last.
 */
import { bits, float16, float32, int8 } from '@ruvector/core-simd';
import { newVectors, type VectorShape, widthOf } from '../check.js';
import type { Metric, VectorType } from '../types.js';

export type Elements = Float32Array | Uint16Array | Int8Array | Uint8Array;

type Gather = (
  metric: string,
  query: Elements,
  rows: Elements,
  slots: Uint32Array,
  out: Float32Array,
) => Float32Array;

const gathers: Readonly<Record<VectorType, Gather>> = {
  float32: float32.gather as Gather,
  float16: float16.gather as Gather,
  int8: int8.gather as Gather,
  binary: bits.gather as Gather,
};

/** As core-simd calls them. */
const kernelMetrics: Readonly<Record<Metric, string>> = {
  l2: 'l2sq',
  ip: 'dot',
  cosine: 'cosine',
  hamming: 'hamming',
  jaccard: 'jaccard',
};

export class Space {
  readonly shape: VectorShape;
  /** Elements of a row. */
  readonly width: number;
  readonly rowBytes: number;
  readonly #gather: Gather;
  readonly #metric: string;

  constructor(shape: VectorShape) {
    this.shape = shape;
    this.width = widthOf(shape);
    this.rowBytes = this.width * newVectors(shape.type, 0).BYTES_PER_ELEMENT;
    this.#gather = gathers[shape.type];
    this.#metric = kernelMetrics[shape.metric];
  }

  /** Distances of the first `count` of these rows from a vector. */
  gather(query: Elements, rows: Elements, slots: Uint32Array, count: number, out: Float32Array): void {
    this.#gather(this.#metric, query, rows, slots.subarray(0, count), out);
    if (this.shape.metric === 'ip') for (let i = 0; i < count; i++) out[i] = -out[i];
    for (let i = 0; i < count; i++) if (Number.isNaN(out[i])) out[i] = Number.POSITIVE_INFINITY;
  }

  /** What users see of a distance, a float32. */
  result(distance: number): number {
    return this.shape.metric === 'l2' ? Math.fround(Math.sqrt(distance)) : distance;
  }
}
