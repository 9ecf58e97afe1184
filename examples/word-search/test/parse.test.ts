import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWordVectors } from '../src/dataset/parse.js';
import { DatasetError } from '../src/errors.js';
import { chunksOf, documentOf, syntheticVectors } from './synthetic.js';

const small = syntheticVectors(3, 2, ['the', '"', '“']);
type Document = ReturnType<typeof documentOf>;

function parse(document: unknown, size = 16) {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return parseWordVectors(chunksOf(Buffer.from(text), size));
}

describe('parseWordVectors', () => {
  it('reads words and vectors, wherever the input is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 99 }),
        async (rows, dimensions, size) => {
          const data = syntheticVectors(rows, dimensions);
          expect(await parse(documentOf(data), size)).toEqual(data);
        },
      ),
    );
  });

  it('puts each vector at its index, in whatever order they come', async () => {
    const document = documentOf(small);
    const vectors = Object.fromEntries(Object.entries(document.vectors).reverse());
    expect(await parse({ ...document, vectors })).toEqual(small);
  });

  it('refuses the document cut short at any byte', async () => {
    const text = JSON.stringify(documentOf(small));
    for (let length = 0; length < text.length; length++) {
      const reading = parse(text.slice(0, length));
      await expect(reading, `${length} characters`).rejects.toMatchObject({ code: 'DATASET_FORMAT' });
    }
  });

  it('refuses most garbled documents, and never fails in another way', async () => {
    const text = Buffer.from(JSON.stringify(documentOf(small)));
    let refused = 0;
    for (let at = 0; at < text.length; at++) {
      const garbled = Buffer.from(text);
      garbled[at]! ^= 1;
      try {
        const { words, dimensions, values } = await parseWordVectors(chunksOf(garbled, 64));
        expect([words.length, dimensions, values.length]).toEqual([3, 2, 6]);
      } catch (error) {
        if (!(error instanceof DatasetError)) throw error;
        refused++;
      }
    }
    // What is left is digits that nothing repeats: "precision", "unkVector", the last ones of a norm.
    expect(refused / text.length).toBeGreaterThan(0.8);
  });

  const { vectors } = documentOf(small);
  const cases: [string, (document: Document) => unknown, RegExp][] = [
    ['an array', () => [1], /it is an array/],
    ['a missing part', ({ unkVector: _u, vectors: _v, ...rest }) => rest, /"vectors" is missing/],
    ['an unknown part', (d) => ({ extra: 1, ...d }), /a number in "extra"/],
    ['too few words', (d) => ({ ...d, words: ['the'] }), /holds 1 words, "size" says 3/],
    ['too many words', (d) => ({ ...d, words: [...d.words, 'x'] }), /more than 3 words/],
    ['a word twice', (d) => ({ ...d, words: ['the', 'the', '“'] }), /twice/],
    ['an empty word', (d) => ({ ...d, words: ['', '"', '“'] }), /empty/],
    ['a word with NUL', (d) => ({ ...d, words: ['a\0', '"', '“'] }), /U\+0000/],
    ['too few vectors', (d) => ({ ...d, vectors: { the: vectors.the } }), /holds 1 vectors, "size" says 3/],
    ['a short vector', (d) => ({ ...d, vectors: { ...vectors, the: [1, 1] } }), /"the" has 2 numbers, not 4/],
    ['a long vector', (d) => ({ ...d, vectors: { the: [...vectors.the!, 1] } }), /has 5 numbers/],
    ['a wrong index', (d) => ({ ...d, vectors: { the: [3, 4, 5, 1] } }), /index 1, which is not/],
    ['an index outside', (d) => ({ ...d, vectors: { the: [3, 4, 5, 7] } }), /index 7, which is not/],
    ['a wrong norm', (d) => ({ ...d, vectors: { the: [3, 4, 6, 0] } }), /norm 5, the document says 6/],
    ['a value beyond float32', (d) => ({ ...d, vectors: { the: [1e39, 0, 1e39, 0] } }), /float32/],
    ['a null value', (d) => ({ ...d, vectors: { the: [null, 4, 5, 0] } }), /null in "row"/],
    ['a nested vector', (d) => ({ ...d, vectors: { the: [[3], 4, 5, 0] } }), /an array in "row"/],
    ['sizes behind the words', ({ size, ...d }) => ({ ...d, size }), /"size" does not come before "words"/],
    ['a negative size', (d) => ({ ...d, size: -1 }), /"size" is -1/],
    ['a size that would not fit memory', (d) => ({ ...d, size: 1e9 }), /more than 2 GiB/],
    ['zero dimensions', (d) => ({ ...d, dimensions: 0 }), /"dimensions" is 0/],
    ['too many dimensions', (d) => ({ ...d, dimensions: 16_001 }), /"dimensions" is 16001/],
    ['a fraction of dimensions', (d) => ({ ...d, dimensions: 2.5 }), /"dimensions" is 2.5/],
    ['another layout', (d) => ({ ...d, wordIndex: 2 }), /do not follow the last dimension/],
  ];
  it.each(cases)('refuses %s', async (_, damage, message) => {
    const reading = parse(damage(documentOf(small)));
    await expect(reading).rejects.toBeInstanceOf(DatasetError);
    await expect(parse(damage(documentOf(small)))).rejects.toThrow(message);
  });

  it('refuses a vector or a part that comes twice', async () => {
    const text = JSON.stringify(documentOf(small));
    const row = JSON.stringify(vectors.the);
    await expect(parse(text.replace(`"the":${row}`, `"the":${row},"the":${row}`))).rejects.toThrow(/twice/);
    await expect(parse(text.replace('"size":3', '"size":3,"size":3'))).rejects.toThrow(
      /"size" is there twice/,
    );
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const reading = parseWordVectors(chunksOf(Buffer.from(JSON.stringify(documentOf(small))), 8), {
      signal: controller.signal,
      onProgress: (bytes) => bytes > 50 && controller.abort(new Error('enough')),
    });
    await expect(reading).rejects.toThrow('enough');
  });
});
