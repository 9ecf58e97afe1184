/** The asynchronous shapes: the same results, beside the event loop. */
import { describe, expect, it } from 'vitest';
import type { SimdModule } from './support/backend.js';
import { randomElements, randomWords } from './support/elements.js';
import { combinations, familyOf, operandTypes } from './support/families.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();
const shapes = ['manyAsync', 'gatherAsync', 'matrixAsync', 'topKAsync'] as const;

/** A copy on shared memory. */
function shared<T extends Float32Array | Uint32Array | Int8Array | Uint8Array | Uint16Array>(array: T): T {
  const Plain = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new Plain(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

/** The error that a promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<Error & { code: string }> {
  const settled = await promise.then(
    () => undefined,
    (error) => error,
  );
  if (settled === undefined) throw new Error('the promise was fulfilled');
  return settled;
}

/** Work of a second or so on the slowest variant, and of well over 20 ms on the fastest. */
const [longN, longCount] = [400, 1500];
const longRows = shared(new Float32Array(longN * longCount).fill(1));

/** A matrix of `longCount` squared: more than is done before anybody looks. */
function longWork(simd: SimdModule, options: object): Promise<Float32Array> {
  return simd.float32.matrixAsync('cosine', longRows, longRows, longN, options);
}

describe.each(variants)('%s', (_variant, simd) => {
  it.each(combinations)('%s, %s: every shape gives what the synchronous one does', async (name, metric) => {
    const family = familyOf(simd, name);
    const next = randomWords(61);
    const [typeOfA, typeOfB] = operandTypes[name];
    const [n, aCount, bCount] = [37, 5, 300];
    const queries = randomElements(typeOfA, n * aCount, next);
    const query = queries.slice(0, n);
    const rows = randomElements(typeOfB, n * bCount, next);
    const indices = Uint32Array.from({ length: 50 }, () => next() % bCount);
    for (const place of [<T>(array: T) => array, shared as <T>(array: T) => T]) {
      const [q, qs, r, i] = [place(query), place(queries), place(rows), place(indices)];
      expect(await family.manyAsync(metric, q, r)).toEqual(family.many(metric, query, rows));
      expect(await family.gatherAsync(metric, q, r, i)).toEqual(family.gather(metric, query, rows, indices));
      expect(await family.matrixAsync(metric, qs, r, n)).toEqual(family.matrix(metric, queries, rows, n));
      expect(await family.topKAsync(metric, q, r, 9)).toEqual(family.topK(metric, query, rows, 9));
    }
  });

  it('writes to out, on memory of either kind, and leaves the rest of it alone', async () => {
    const query = Float32Array.of(1, 2);
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6);
    const { float32 } = simd;
    for (const place of [<T>(array: T) => array, shared as <T>(array: T) => T]) {
      const out = place(new Float32Array(5).fill(-1));
      expect(await float32.manyAsync('dot', query, rows, { out })).toBe(out);
      expect([...out]).toEqual([5, 11, 17, -1, -1]);
      expect(await float32.gatherAsync('l1', query, rows, Uint32Array.of(2, 0), { out })).toBe(out);
      expect([...out]).toEqual([8, 0, 17, -1, -1]);
      expect(await float32.matrixAsync('l2', query, rows, 2, { out })).toBe(out);
      expect([...out]).toEqual([0, Math.sqrt(8), Math.sqrt(32), -1, -1].map(Math.fround));
      const best = {
        indices: place(new Uint32Array(3).fill(9)),
        scores: place(new Float32Array(3).fill(-1)),
      };
      expect(await float32.topKAsync('l2sq', query, rows, 2, { out: best })).toBe(best);
      expect([...best.indices]).toEqual([0, 1, 9]);
      expect([...best.scores]).toEqual([0, 8, -1]);
    }
  });

  it('computes with what the inputs were at the call, whatever becomes of their memory', async () => {
    const query = Float32Array.of(1, 1);
    const rows = new Float32Array(2000).fill(2);
    const indices = Uint32Array.of(0, 999);
    const work = [
      simd.float32.manyAsync('dot', query, rows),
      simd.float32.gatherAsync('dot', query, rows, indices),
      simd.float32.matrixAsync('dot', query, rows, 2),
    ];
    const best = simd.float32.topKAsync('dot', query, rows, 3);
    query.fill(50);
    indices.fill(77);
    structuredClone(rows.buffer, { transfer: [rows.buffer] });
    for (const scores of await Promise.all(work))
      expect([...scores].every((score) => score === 4)).toBe(true);
    expect([...(await best).scores]).toEqual([4, 4, 4]);
  });

  it('copies nothing that is on shared memory', async () => {
    const rows = new Uint8Array(new SharedArrayBuffer(1 << 26));
    const query = new Uint8Array(1 << 20);
    const before = process.memoryUsage().arrayBuffers;
    const promise = simd.uint8.topKAsync('l1', query, rows, 1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 22);
    expect((await promise).scores[0]).toBe(0);
  });

  it('says so when out loses its memory meanwhile', async () => {
    const out = new Float32Array(3);
    const promise = simd.float32.manyAsync('dot', Float32Array.of(1), new Float32Array(3), { out });
    structuredClone(out.buffer, { transfer: [out.buffer] });
    expect(await rejection(promise)).toMatchObject({ name: 'SimdError', code: 'ERR_SIMD_DETACHED' });
  });

  it('does not hold the event loop', async () => {
    let turns = 0;
    let working = true;
    const count = () => {
      turns++;
      if (working) setImmediate(count);
    };
    setImmediate(count);
    await longWork(simd, {});
    working = false;
    expect(turns).toBeGreaterThan(5);
  });

  it('tells of its progress, at last of its end', async () => {
    const told: Array<{ done: number; total: number }> = [];
    const start = performance.now();
    const onProgress = (progress: { done: number; total: number }) => told.push({ ...progress });
    await longWork(simd, { onProgress });
    const elapsed = performance.now() - start;
    // Tests do not judge times, but that much is promised; half of it, since others use the machine.
    expect(told.length).toBeGreaterThanOrEqual(Math.floor(elapsed / 400));
    expect(told.at(-1)).toEqual({ done: longCount, total: longCount });
    for (const [i, { done, total }] of told.entries()) {
      expect(done).toBeLessThanOrEqual(total);
      if (i > 0) expect(done).toBeGreaterThanOrEqual(told[i - 1].done);
    }
    const short: unknown[] = [];
    await simd.bits.topKAsync('hamming', Uint8Array.of(1), Uint8Array.of(1, 2), 1, {
      onProgress: (progress) => short.push(progress),
    });
    expect(short).toEqual([{ done: 2, total: 2 }]);
  });

  it('ends when what is told throws, with that', async () => {
    const reason = new Error('enough');
    const onProgress = () => {
      throw reason;
    };
    expect(await rejection(longWork(simd, { onProgress }))).toBe(reason);
  });

  it('ends when the signal is aborted, with its reason as the cause', async () => {
    const controller = new AbortController();
    const out = shared(new Float32Array(longCount * longCount).fill(-1));
    const promise = longWork(simd, { signal: controller.signal, out });
    const reason = new Error('no longer wanted');
    // In the next turn: the fastest kernels need some ten milliseconds for all.
    setImmediate(() => controller.abort(reason));
    const error = await rejection(promise);
    expect(error).toBeInstanceOf(simd.SimdError);
    expect(error).toMatchObject({
      code: 'ERR_SIMD_ABORTED',
      message: 'float32.matrixAsync: the signal was aborted',
      cause: reason,
    });
    // Nothing works on it any longer.
    const left = out.slice();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(out.every((value, i) => Object.is(value, left[i]))).toBe(true);
    expect(out.at(-1)).toBe(-1);
  });

  it('does not begin when the signal was aborted before, and leaves no listener behind', async () => {
    const out = new Float32Array(1).fill(-1);
    const one = Float32Array.of(1);
    const error = await rejection(
      simd.float32.manyAsync('dot', one, one, { out, signal: AbortSignal.abort() }),
    );
    expect(error.code).toBe('ERR_SIMD_ABORTED');
    expect((error.cause as Error).name).toBe('AbortError');
    expect([...out]).toEqual([-1]);

    const listeners = new Set<unknown>();
    const signal = {
      aborted: false,
      addEventListener: (_type: string, listener: unknown) => listeners.add(listener),
      removeEventListener: (_type: string, listener: unknown) => listeners.delete(listener),
    } as unknown as AbortSignal;
    await simd.float32.manyAsync('dot', one, one, { signal });
    expect(listeners.size).toBe(0);
  });

  it('does many things at once', async () => {
    const next = randomWords(62);
    const work = Array.from({ length: 40 }, (_, i) => {
      const n = 3 + (i % 30);
      const query = randomElements('i8', n, next) as Int8Array;
      const rows = randomElements('i8', n * 500, next) as Int8Array;
      return { want: simd.int8.many('l2sq', query, rows), got: simd.int8.manyAsync('l2sq', query, rows) };
    });
    for (const { want, got } of work) expect(await got).toEqual(want);
  });

  it('rejects, and never throws, for bad input', async () => {
    for (const shape of shapes) {
      const f = simd.float32[shape] as (...args: unknown[]) => Promise<unknown>;
      const one = Float32Array.of(1);
      const fourth = { manyAsync: [], gatherAsync: [Uint32Array.of(0)], matrixAsync: [1], topKAsync: [1] }[
        shape
      ];
      expect(await rejection(f('dot', 'x', one, ...fourth))).toMatchObject({ code: 'ERR_SIMD_TYPE' });
      expect(await rejection(f('sum', one, one, ...fourth))).toMatchObject({ code: 'ERR_SIMD_ARGUMENT' });
      const out = shape === 'topKAsync' ? { indices: new Uint32Array(1), scores: one } : one;
      expect(await rejection(f('dot', one, one, ...fourth, { out }))).toMatchObject({
        code: 'ERR_SIMD_OVERLAP',
      });
      for (const [options, message] of [
        [null, 'options must be an object like { out, signal, onProgress }, got null'],
        [5, 'options must be an object like { out, signal, onProgress }, got number'],
        [one, 'options must be an object like { out, signal, onProgress }, got Float32Array of 1'],
        [{ signal: null }, 'signal must be an AbortSignal, got null'],
        [{ signal: { aborted: false } }, 'signal must be an AbortSignal, got object'],
        [{ onProgress: 'x' }, 'onProgress must be a function, got string'],
      ]) {
        expect(await rejection(f('dot', one, one, ...fourth, options))).toMatchObject({
          name: 'SimdError',
          code: 'ERR_SIMD_ARGUMENT',
          message: `float32.${shape}: ${message}`,
        });
      }
    }
    const indices = shared(Uint32Array.of(0, 3));
    const gathered = simd.float32.gatherAsync('dot', Float32Array.of(1), new Float32Array(3), indices);
    expect(await rejection(gathered)).toMatchObject({
      code: 'ERR_SIMD_INDEX',
      message: 'float32.gatherAsync: indices[1] is 3, and there are 3 rows',
    });
  });

  it('reports an index that another thread changes while it is used as one that names no row', async () => {
    const query = new Float32Array(16);
    const rows = new Float32Array(16 * 1000);
    const indices = shared(new Uint32Array(1_000_000));
    // The work may be over before this thread goes on; hardly ever a hundred times.
    let error: unknown;
    for (let tries = 0; tries < 100 && error === undefined; tries++) {
      indices[999_999] = 0;
      const gathered = simd.float32.gatherAsync('dot', query, rows, indices);
      indices[999_999] = 1000;
      error = await gathered.then(
        () => undefined,
        (reason) => reason,
      );
    }
    expect(error).toMatchObject({
      name: 'SimdError',
      code: 'ERR_SIMD_INDEX',
      message: 'float32.gatherAsync: an index was changed, while it was used, to one that names no row',
      cause: { code: 'ERR_SIMD_ADDON_INDEX' },
    });
  });
});
