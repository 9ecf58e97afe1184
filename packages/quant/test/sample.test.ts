import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { checkTrainingRows, sampleFrom, sampleOf } from '../src/sample.js';

const dimensions = 3;
const count = 500;
const vectors = Float32Array.from({ length: count * dimensions }, (_, i) => i);

it('takes an array of another realm', async () => {
  const other = runInNewContext('Float32Array.from({ length: 30 }, (_, i) => i)') as Float32Array;
  const { rows, seen } = await sampleFrom('test', other, { dimensions, sampleRows: 10, seed: 1 }, {});
  expect([seen, rows.length]).toEqual([10, 30]);
});

/** Which rows a sample has: each row's first element names it. */
function rowsIn(sample: Float32Array): number[] {
  return Array.from({ length: sample.length / dimensions }, (_, r) => sample[r * dimensions] / dimensions);
}

function* batches(sizes: readonly number[]) {
  let at = 0;
  for (const size of sizes) {
    yield vectors.subarray(at * dimensions, (at + size) * dimensions);
    at += size;
  }
}

describe('a sample', () => {
  it('has whole rows, each once, as many as it is told', () => {
    const sample = sampleOf('test', vectors, { dimensions, sampleRows: 40, seed: 1 });
    const rows = rowsIn(sample);
    expect(new Set(rows).size).toBe(40);
    for (const [i, r] of rows.entries()) {
      expect([...sample.subarray(i * 3, i * 3 + 3)]).toEqual([3 * r, 3 * r + 1, 3 * r + 2]);
    }
  });

  it('does not depend on batches, and does on the seed', async () => {
    const options = { dimensions, sampleRows: 40, seed: 1 };
    const whole = sampleOf('test', vectors, options);
    for (const sizes of [[500], [1, 499], [100, 0, 300, 100], new Array(500).fill(1)]) {
      const { rows, seen } = await sampleFrom('test', batches(sizes), options, {});
      expect(rows).toEqual(whole);
      expect(seen).toBe(500);
    }
    expect((await sampleFrom('test', vectors, options, {})).rows).toEqual(whole);
    expect(sampleOf('test', vectors, { ...options, seed: 2 })).not.toEqual(whole);
  });

  it('takes every row as often', () => {
    const taken = new Float64Array(count);
    for (let seed = 0; seed < 2000; seed++) {
      for (const r of rowsIn(sampleOf('test', vectors, { dimensions, sampleRows: 50, seed }))) taken[r]++;
    }
    // Chi square, with a variance of 200 * 0.9 each: 500 degrees of freedom, above 630 with a probability of 1e-4.
    const chi = taken.reduce((sum, each) => sum + (each - 200) ** 2 / 180, 0);
    expect(chi).toBeLessThan(630);
    expect(chi).toBeGreaterThan(380);
  });

  it('is all there is, where that is no more', async () => {
    const options = { dimensions, sampleRows: 500, seed: 1 };
    expect(sampleOf('test', vectors, options)).toBe(vectors);
    const { rows } = await sampleFrom('test', batches([200, 300]), options, {});
    expect(rows).toEqual(vectors);
  });

  it('refuses what is no vectors, and ends when it is asked to', async () => {
    const options = { dimensions, sampleRows: 5, seed: 1 };
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => sampleOf('test', new Float32Array(4), options)).toThrow(code('ERR_QUANT_LENGTH'));
    const bad = vectors.slice();
    bad[700] = Number.NaN;
    expect(() => sampleOf('test', bad, options)).toThrow(code('ERR_QUANT_VALUE'));
    await expect(sampleFrom('test', 'abc' as never, options, {})).rejects.toThrow(code('ERR_QUANT_TYPE'));
    await expect(sampleFrom('test', new Float64Array(6) as never, options, {})).rejects.toThrow(
      code('ERR_QUANT_TYPE'),
    );
    await expect(sampleFrom('test', [[1, 2, 3]] as never, options, {})).rejects.toThrow(
      code('ERR_QUANT_TYPE'),
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(sampleFrom('test', batches([500]), options, { signal })).rejects.toThrow(
      code('ERR_QUANT_ABORTED'),
    );
    expect(() => checkTrainingRows('test', 4, 5, 'this')).toThrow(/this needs 5 rows, got 4/);
    checkTrainingRows('test', 5, 5, 'this');
    await expect(sampleFrom('test', bad, options, {})).rejects.toMatchObject({
      code: 'ERR_QUANT_VALUE',
      message: expect.stringContaining('dimension 1 of row 233'),
    });
  });

  it('hears an abort while the source keeps it waiting', async () => {
    const controller = new AbortController();
    let isClosed = false;
    const stalled: AsyncIterable<Float32Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          isClosed = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const sampling = sampleFrom(
      'test',
      stalled,
      { dimensions, sampleRows: 5, seed: 1 },
      { signal: controller.signal },
    );
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(sampling).rejects.toMatchObject({
      code: 'ERR_QUANT_ABORTED',
      cause: expect.objectContaining({ message: 'enough' }),
    });
    expect(isClosed).toBe(true);
  });

  it('tells how many rows of a stream it has seen, and closes one that it refuses', async () => {
    const seen: unknown[] = [];
    let isClosed = false;
    async function* slow() {
      try {
        for (let i = 0; i < 4; i++) {
          await new Promise((resolve) => setTimeout(resolve, 120));
          yield i < 3 ? vectors : Float32Array.of(1, 2, Number.NaN);
        }
      } finally {
        isClosed = true;
      }
    }
    const onProgress = (progress: unknown) => seen.push(progress);
    await expect(
      sampleFrom('test', slow(), { dimensions, sampleRows: 5, seed: 1 }, { onProgress }),
    ).rejects.toMatchObject({ code: 'ERR_QUANT_VALUE' });
    expect(seen).toEqual([500, 1000, 1500].map((rows) => ({ done: rows, total: rows, phase: 'sample' })));
    expect(isClosed).toBe(true);
  });
});
