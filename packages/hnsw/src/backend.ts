/**
 * What makes indexes: the fallback in TypeScript until something better has been set. Not part of the package's door.
 */
import type { Told } from './check.js';
import type { IndexKind, IndexOptions, KeyType, VectorIndex, VectorType } from './types.js';

/** Options, checked and complete. */
export type IndexSettings<K extends KeyType = KeyType, T extends VectorType = VectorType> = {
  readonly [Name in keyof IndexOptions<K, T>]-?: Exclude<IndexOptions<K, T>[Name], undefined>;
};

/** Something that makes indexes of some kinds. */
export interface Backend {
  readonly name: string;
  readonly kinds: readonly IndexKind[];
  create<K extends KeyType, T extends VectorType>(settings: IndexSettings<K, T>): VectorIndex<K, T>;
}

/** Writes the named sections of an index that is not the addon's to a file, as `VectorIndex.save` promises. */
export type Writer = (path: string, sections: ReadonlyMap<string, Uint8Array>, told: Told) => Promise<void>;

let current: Backend | undefined;
let write: Writer | undefined;

/** Sets what makes indexes from now on; `undefined` for the fallback. */
export function setBackend(backend: Backend | undefined): void {
  current = backend;
}

export function backend(): Backend | undefined {
  return current;
}

/** Sets what writes files for the fallback. */
export function setWriter(writer: Writer | undefined): void {
  write = writer;
}

export function writer(): Writer | undefined {
  return write;
}
