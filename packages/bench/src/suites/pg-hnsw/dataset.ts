/** What the index is measured on. */
import type { OperationName } from '../../distances.js';

/** Float32 vectors, row after row. */
export interface Vectors {
  /** At least as many as the data set has rows; those beyond are for inserts. */
  readonly rows: Float32Array;
  readonly queries: Float32Array;
}

/** A distance as SQL names it, and the operation that orders in the same way. */
export interface Distance {
  readonly operator: '<->' | '<=>';
  readonly operatorClass: 'vector_l2_ops' | 'vector_cosine_ops';
  readonly operation: OperationName & ('l2sq' | 'cosine');
}

export const l2: Distance = { operator: '<->', operatorClass: 'vector_l2_ops', operation: 'l2sq' };
export const cosine: Distance = {
  operator: '<=>',
  operatorClass: 'vector_cosine_ops',
  operation: 'cosine',
};

export interface Dataset {
  /** In the names of cases. */
  readonly name: string;
  /** In the names of tables: lower case letters. */
  readonly id: string;
  /** Hash of what it is read from. */
  readonly identity: string;
  readonly dimensions: number;
  readonly distance: Distance;
  /** Rows of the table that is searched: the first of `Vectors.rows`. */
  readonly rows: number;
  /** Queries that are asked: all of `Vectors.queries`. */
  readonly queries: number;
  load(): Promise<Vectors>;
}

/** How much of a data set to use. */
export interface Size {
  readonly rows: number;
  readonly queries: number;
}

/** A data set that is not on this machine. */
export interface AbsentDataset {
  readonly name: string;
  readonly reason: string;
  readonly cure: string;
}

/** The vector of one row: a view. */
export function vectorAt(values: Float32Array, dimensions: number, row: number): Float32Array {
  return values.subarray(row * dimensions, (row + 1) * dimensions);
}
