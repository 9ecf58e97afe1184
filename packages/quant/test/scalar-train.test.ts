import { describe, expect, it } from 'vitest';
import { BinaryCodec, Int4Codec, Int8Codec, type Progress, TwoLevelCodec } from '../src/index.js';
import { makeVectors } from './support/row-codecs.js';

const n = 8;
const vectors = makeVectors('normal', 3000, n);

function* batches(rows: number): Generator<Float32Array> {
  for (let at = 0; at < vectors.length; at += rows * n) yield vectors.subarray(at, at + rows * n);
}

async function* slowBatches(rows: number): AsyncGenerator<Float32Array> {
  for (const batch of batches(rows)) {
    await Promise.resolve();
    yield batch;
  }
}

const trainers = {
  'int8, a range a vector': (source: Parameters<typeof Int8Codec.trainAsync>[0], more: object) =>
    Int8Codec.trainAsync(source, { dimensions: n, ...more }),
  'int8, a range a dimension': (source: Parameters<typeof Int8Codec.trainAsync>[0], more: object) =>
    Int8Codec.trainAsync(source, { dimensions: n, range: 'dimension', ...more }),
  'int4, a range a dimension': (source: Parameters<typeof Int8Codec.trainAsync>[0], more: object) =>
    Int4Codec.trainAsync(source, { dimensions: n, range: 'dimension', quantiles: [0.01, 0.99], ...more }),
  'two levels': (source: Parameters<typeof Int8Codec.trainAsync>[0], more: object) =>
    TwoLevelCodec.trainAsync(source, { dimensions: n, levels: '4x8', ...more }),
  binary: (source: Parameters<typeof Int8Codec.trainAsync>[0], more: object) =>
    BinaryCodec.trainAsync(source, { dimensions: n, ...more }),
};

describe.each(Object.entries(trainers))('%s', (_name, train) => {
  it('does not depend on how rows are batched, but on the seed', async () => {
    const options = { sampleRows: 1000, seed: 5 };
    const whole = (await train(vectors, options)).serialize();
    for (const source of [batches(1), batches(700), slowBatches(64), [vectors]]) {
      expect((await train(source, options)).serialize()).toEqual(whole);
    }
    expect((await train(vectors, { ...options, seed: 6 })).serialize()).not.toEqual(whole);
  });

  it('takes all rows where the sample has room', async () => {
    const first = (await train(vectors, { seed: 1 })).serialize();
    expect((await train(vectors, { seed: 2 })).serialize()).toEqual(first);
  });

  it('tells its progress, and ends when it is aborted', async () => {
    const told: Progress[] = [];
    await train(slowBatches(100), { onProgress: (progress: Progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ done: n, total: n });
    const reason = new Error('enough');
    await expect(train(vectors, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'ERR_QUANT_ABORTED',
      cause: reason,
    });
    const controller = new AbortController();
    async function* stopping() {
      yield* slowBatches(500);
      controller.abort(reason);
      yield vectors;
    }
    await expect(train(stopping(), { signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_QUANT_ABORTED',
      cause: reason,
    });
  });

  it('passes on what its source throws', async () => {
    async function* broken() {
      yield vectors;
      throw new RangeError('no more');
    }
    await expect(train(broken(), {})).rejects.toThrow(RangeError);
  });
});

describe('train', () => {
  it('gives what trainAsync gives', async () => {
    const options = { dimensions: n, sampleRows: 1200, seed: 9 };
    const dimension = { ...options, range: 'dimension' } as const;
    const levels = { ...options, levels: '8x8' } as const;
    const pairs = [
      [Int8Codec.train(vectors, options), await Int8Codec.trainAsync(batches(77), options)],
      [Int8Codec.train(vectors, dimension), await Int8Codec.trainAsync(batches(77), dimension)],
      [Int4Codec.train(vectors, dimension), await Int4Codec.trainAsync(batches(77), dimension)],
      [TwoLevelCodec.train(vectors, levels), await TwoLevelCodec.trainAsync(batches(77), levels)],
      [BinaryCodec.train(vectors, options), await BinaryCodec.trainAsync(batches(77), options)],
    ] as const;
    for (const [one, other] of pairs) expect(one.serialize()).toEqual(other.serialize());
  });

  it('finds the mean', () => {
    const few = Float32Array.of(1, 10, 3, 20, 8, 60);
    const codec = BinaryCodec.train(few, { dimensions: 2 });
    expect(codec.serialize()).toEqual(
      BinaryCodec.create({ dimensions: 2, mean: Float32Array.of(4, 30) }).serialize(),
    );
  });

  it('says how many rows it needs', () => {
    const need = (options: object, rows: number) => () =>
      Int8Codec.train(new Float32Array(rows * n), { dimensions: n, ...options });
    const refused = (message: string) =>
      expect.objectContaining({ code: 'ERR_QUANT_TRAINING', message: expect.stringContaining(message) });
    expect(need({}, 0)).toThrow(refused('a mean needs 1 rows, got 0'));
    expect(need({}, 1)).not.toThrow();
    expect(need({ range: 'dimension' }, 999)).toThrow(refused('needs 1000 rows, got 999'));
    expect(need({ range: 'dimension' }, 1000)).not.toThrow();
    expect(need({ range: 'dimension', quantiles: [0, 0.98] }, 49)).toThrow(refused('needs 50 rows, got 49'));
    expect(need({ range: 'dimension', quantiles: [0, 1] }, 1)).toThrow(refused('needs 2 rows, got 1'));
    expect(need({ range: 'dimension', sampleRows: 200 }, 2000)).toThrow(refused('needs 1000 rows, got 200'));
  });
});
