/**
 * What it costs packed product codes of 4 bits to begin apart from a line of the cache: `topK` of 10 in microseconds, the median,
 * by how many bytes behind a multiple of 64 the blocks begin.
 *
 *   node bench/product-lines.mjs [dimensions] [sub-spaces] [codes]
 *
 * Codes and vectors are random.
 */
import { Packed, ProductCodec } from '../dist/index.js';

const [dimensions = 784, subspaces = 392, count = 60_000] = process.argv.slice(2).map(Number);
const rounds = 25;
const searches = 20;

let state = 1;
function random() {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return state / 2 ** 31;
}

const some = Float32Array.from({ length: 1000 * dimensions }, random);
const codec = ProductCodec.train(some, { dimensions, subspaces, bits: 4, iterations: 2 });
const query = codec.query(some.subarray(0, dimensions), 'l2sq');
// Rows that differ: of equal ones none is better than the tenth, and blocks are passed by.
const rows = new Uint8Array(count * codec.codeBytes).map(() => 256 * random());
const factors = new Uint8Array(Float32Array.of(1, 1).buffer);
for (let end = codec.codeBytes; end <= rows.length; end += codec.codeBytes) rows.set(factors, end - 8);
const { kind, blockBytes, fingerprint, bytes } = codec.pack(rows);

/** `pack` begins at a line; so copies of its memory, from the same place on, begin where they are told to. */
const subjects = [0, 16, 32, 48].map((behind) => {
  const larger = codec.pack(new Uint8Array(rows.length + 32 * codec.codeBytes)).bytes;
  const place = larger.subarray(behind, behind + bytes.length);
  place.set(bytes);
  const packed = new Packed({ kind, dimensions, count, blockBytes, fingerprint, bytes: place });
  return { behind, packed, times: [] };
});
for (let round = 0; round < rounds; round++) {
  for (const { packed, times } of subjects) {
    for (let i = 0; i < searches; i++) {
      const start = performance.now();
      query.topK(packed, 10);
      times.push(1000 * (performance.now() - start));
    }
  }
}
for (const { behind, times } of subjects) {
  times.sort((a, b) => a - b);
  console.log(`${behind} bytes behind a line: ${times[times.length >> 1].toFixed(0)} us`);
}
