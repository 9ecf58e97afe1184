/**
 * What a backend is. Three implement it: the addon (native.ts), the WebAssembly module (wasm.ts), and TypeScript
 * (typescript/). The public functions check their arguments once, in check.ts and shapes.ts, and hand them to whichever
 * was chosen (choose.ts).
 *
 * Of every argument a backend may assume, unless it says otherwise below:
 *  - it is a typed array of the very kind that the type has (Float16Array comes as a Uint16Array on its memory), and its
 *    memory is there;
 *  - lengths fit: rows are whole, results have room; results share no memory with anything else;
 *  - but NOT that its properties are those of its kind: it may be of a subclass, have another prototype, or own a
 *    `length`. Lengths come from internal slots (`lengthOf` in check.ts), and whoever needs methods takes a `plain` view;
 *  - its memory may be shared with threads that write to it meanwhile. Results are then unspecified; reading or
 *    writing outside of an array is not.
 */

/** Types of elements, by the names of native/include/ruvector/simd.h; f32_f16 is a float32 query on float16 rows. */
export type TypeName = 'f32' | 'f16' | 'bf16' | 'i8' | 'u8' | 'bits' | 'f32_f16';

/** Types of elements with arithmetic. */
export type DenseType = Exclude<TypeName, 'bits'>;

/** What kernels compute for numbers; `l2` is made of `l2sq` by the caller. */
export type DenseMetric = 'dot' | 'l2sq' | 'l1' | 'cosine';

/** What kernels compute for bits. */
export type BitMetric = 'hamming' | 'jaccard';

export type KernelMetric = DenseMetric | BitMetric;

/** f32: Float32Array; f16, bf16: Uint16Array; i8: Int8Array; u8, bits: Uint8Array. */
export type Elements = Float32Array | Uint16Array | Int8Array | Uint8Array;

/**
 * The shapes of one type and one metric. The number of dimensions is the query's length, for bits the number of bytes.
 */
export interface Shapes {
  /**
   * Writes the result to the slot, `Backend.result[0]`. Arrays are not empty.
   *
   * The only function whose lengths are not checked: throws, whatever it likes, where they differ. The caller then
   * finds the words.
   */
  pair(a: Elements, b: Elements): void;

  /** out[i] is the score of row i. Query and rows may be empty. `out` may be longer than there are rows. */
  many(query: Elements, rows: Elements, out: Float32Array): void;

  /**
   * out[i] is the score of row indices[i]. The query is not empty.
   *
   * The indices are not checked: throws, whatever it likes, where one is no row. It may have written to `out` by then.
   */
  gather(query: Elements, rows: Elements, indices: Uint32Array, out: Float32Array): void;

  /** out[i * N + j] is the score of row i of a and row j of b, of N rows. `dimensions` is not 0. `out` may be longer. */
  matrix(a: Elements, b: Elements, dimensions: number, out: Float32Array): void;

  /**
   * The nearest rows, nearest first: for dot the largest, else the least; of equals the earlier row; NaN after all
   * numbers. `indices` and `scores` have one length, from 1 to the number of rows, and are filled.
   */
  topK(query: Elements, rows: Elements, indices: Uint32Array, scores: Float32Array): void;
}

/** By names of struct rv_kernels in simd.h. */
export type ConversionName =
  | 'f16_to_f32'
  | 'f32_to_f16'
  | 'bf16_to_f32'
  | 'f32_to_bf16'
  | 'f32_to_bits'
  | 'f16_to_bits'
  | 'i8_to_bits'
  | 'normalise_f32'
  | 'normalise_f16'
  | 'normalise_bf16';

/**
 * Converts all of `from`. `to` has exactly as many elements as the result, for bits one byte for eight. `to` may be the
 * memory of `from` where elements are of one size. Arrays may be empty.
 */
export type Conversion = (from: Elements, to: Elements) => void;

/** Two sparse vectors; each pair of arrays has one length, which may be 0. Writes the result to the slot. */
export type SparsePair = (
  aIndices: Uint32Array,
  aValues: Float32Array,
  bIndices: Uint32Array,
  bValues: Float32Array,
) => void;

/** Long work: a shape other than the pair, its kernel, and its arguments in the order of the shape's function. */
export type Job = { readonly type: TypeName; readonly metric: KernelMetric } & (
  | { readonly shape: 'many'; readonly args: Parameters<Shapes['many']> }
  | { readonly shape: 'gather'; readonly args: Parameters<Shapes['gather']> }
  | { readonly shape: 'matrix'; readonly args: Parameters<Shapes['matrix']> }
  | { readonly shape: 'topK'; readonly args: Parameters<Shapes['topK']> }
);

/**
 * How a backend does long work. The arrays of a job are plain and of fixed length, and nobody can take their memory
 * away: they are on a SharedArrayBuffer, or on an ArrayBuffer that was made for the job.
 */
export type LongWork =
  | {
      /** Off this thread. */
      readonly kind: 'thread';
      /**
       * Starts a job. The promise settles when nothing works on its arrays any longer: true when it is done, false when
       * it was cancelled; it rejects where a shape's function would throw.
       *
       * @param control - on a SharedArrayBuffer, read and written atomically: [0] the caller sets to 1 to cancel, [1]
       *   rows done so far, [2] rows in total
       */
      start(job: Job, control: Int32Array): Promise<boolean>;
    }
  | {
      /** On this thread, in slices. */
      readonly kind: 'slices';
      /** Does a slice of well under 10 ms between two yields, which give the rows done so far; the last one all. */
      slices(job: Job): Generator<number, void>;
    };

export interface Backend {
  /** Where pair functions, norms and sparse pairs leave their result. */
  readonly result: Float64Array;
  readonly shapes: Readonly<Record<DenseType, Readonly<Record<DenseMetric, Shapes>>>> & {
    readonly bits: Readonly<Record<BitMetric, Shapes>>;
  };
  /** Writes the Euclidean norm to the slot. The array is not empty. */
  readonly norm: Readonly<Record<Exclude<DenseType, 'f32_f16'>, (a: Elements) => void>>;
  readonly convert: Readonly<Record<ConversionName, Conversion>>;
  readonly sparse: Readonly<Record<DenseMetric, SparsePair>>;
  readonly long: LongWork;
}

/** Instruction-set variants of the addon. */
export type NativeVariant = 'serial' | 'haswell' | 'skylake' | 'icelake' | 'neon' | 'dotprod';

/** What can compute: a variant of the addon, the WebAssembly module, or TypeScript. */
export type SimdVariant = NativeVariant | 'wasm' | 'typescript';

/** Why something is not there, and how to get it: one sentence, or several, for people. */
export interface Absent {
  readonly reason: string;
}

/**
 * Where backends come from on one kind of host. host-node.ts and host-browser.ts make one of what native.ts exports
 * (`loadNative`, as `native` here) and wasm-node.ts or wasm-browser.ts (`loadWasm`, `wasmAbsence`) with wasm.ts
 * (`wasmBackend(kernels)`); only choose.ts reads it. None of the functions throws.
 */
export interface Host {
  /** The variant that is wished for; RUVECTOR_SIMD. */
  readonly wish: string | undefined;
  /** The variants of the addon that run here, best first, each with its backend. */
  native(): { readonly variants: ReadonlyMap<NativeVariant, () => Backend> } | Absent;
  /** Whether it is worthwhile to start the WebAssembly module; undefined if so. */
  wasmAbsence(): string | undefined;
  wasm(): { readonly backend: Backend } | Absent;
}
