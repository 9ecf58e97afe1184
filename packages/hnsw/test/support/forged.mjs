/**
 * Files of somebody who means harm: words of sections are altered and every checksum above them is made right again. What
 * loads or opens is used in every way. In a process of its own, since what must not happen is that it ends.
 *
 *     node forged.mjs <kind> <rounds> <seed> [prefilter]
 *
 * Prints `{ tried, refused, used }`; ends with 1, and the round, where anything but an HnswError is thrown.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIndex, HnswError, loadIndex, viewIndex } from '../../dist/index.js';
import { crc32c } from './crc32c.mjs';

const [kind, rounds, seed, prefilter] = process.argv.slice(2);
const dimensions = 12;
const count = 300;

let state = Number(seed) >>> 0 || 1;
/** xorshift32, Marsaglia 2003. */
function random() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);

const up = (n, unit) => Math.ceil(n / unit) * unit;

/** The sections of a file: doc/format.md. */
function sectionsOf(bytes) {
  const view = new DataView(bytes.buffer);
  const u64 = (at) => Number(view.getBigUint64(at, true));
  return Array.from({ length: u64(56) }, (_, i) => ({
    begin: u64(128 + 32 * i + 16),
    size: u64(128 + 32 * i + 24),
  })).filter(({ size }) => size > 0);
}

/** Makes all checksums right. */
function repair(bytes) {
  const view = new DataView(bytes.buffer);
  const u64 = (at) => Number(view.getBigUint64(at, true));
  const [sums, roots] = [u64(64), u64(80)];
  let block = 0;
  for (const { begin, size } of sectionsOf(bytes)) {
    const end = begin + up(size, 4096);
    for (let at = begin; at < end; at += 16384, block++) {
      view.setUint32(sums + 4 * block, crc32c(bytes.subarray(at, Math.min(end, at + 16384))), true);
    }
  }
  for (let at = sums, n = 0; at < roots; at += 16384, n++) {
    view.setUint32(roots + 4 * n, crc32c(bytes.subarray(at, Math.min(roots, at + 16384))), true);
  }
  view.setBigUint64(96, BigInt(crc32c(bytes.subarray(roots))), true);
  view.setUint32(4092, crc32c(bytes.subarray(0, 4092)), true);
}

const words = [
  0,
  1,
  2,
  31,
  32,
  255,
  count - 1,
  count,
  count + 1,
  0x7fffffff,
  0x80000000,
  0xfffffffe,
  0xffffffff,
];
const floats = [Number.NaN, Number.POSITIVE_INFINITY, -Number.POSITIVE_INFINITY, 3e38, -3e38, 1e-45, 0];

function alter(bytes) {
  const view = new DataView(bytes.buffer);
  const sections = sectionsOf(bytes);
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const { begin, size } = sections[below(sections.length)];
    // Heads are short, and what is in them leads furthest.
    const at = begin + below(random() < 0.3 ? Math.min(size, 64) : size);
    const word = begin + Math.floor((at - begin) / 4) * 4;
    switch (below(4)) {
      case 0:
        bytes[at] ^= 1 << below(8);
        break;
      case 1:
        view.setUint32(word, words[below(words.length)], true);
        break;
      case 2:
        view.setFloat32(word, floats[below(floats.length)], true);
        break;
      default:
        // A run of the same.
        bytes.fill(random() < 0.5 ? 0xff : below(256), at, Math.min(begin + size, at + 1 + below(200)));
    }
  }
  repair(bytes);
}

const vectors = Float32Array.from({ length: (count + 40) * dimensions }, () => 2 * random() - 1);
const vector = (i) => vectors.slice(i * dimensions, (i + 1) * dimensions);

async function useAll(index) {
  const allowed = (call) => {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof HnswError)) throw error;
      return undefined;
    }
  };
  const query = vector(count);
  for (const k of [1, 10, 2 * count]) allowed(() => index.search(query, k));
  allowed(() => index.search(query, 5, { filter: { ids: ['3', '5', '8', '299', 'none'] } }));
  allowed(() => index.search(query, 5, { filter: (id) => id.length > 1 }));
  allowed(() => index.range(query, 2));
  allowed(() => {
    let left = 400;
    for (const _ of index.iterate(query)) if (--left === 0) break;
  });
  for (const key of ['0', '17', '299', 'none']) allowed(() => [index.has(key), index.get(key)]);
  allowed(() => [...index.keys()].length);
  allowed(() => index.stats());
  await index.check().catch((error) => {
    if (!(error instanceof HnswError)) throw error;
  });
  if (index.readOnly) return;
  for (let i = 0; i < 20; i++) allowed(() => index.add(`new ${i}`, vector(count + i)));
  for (let i = 0; i < 120; i += 2) allowed(() => index.remove(String(i)));
  for (const change of [() => index.repair(), () => index.compact()]) {
    await change().catch((error) => {
      if (!(error instanceof HnswError)) throw error;
    });
  }
  allowed(() => index.search(query, 10));
}

const folder = mkdtempSync(join(tmpdir(), 'hnsw-forged-'));
const path = join(folder, 'index');
const index = createIndex({
  kind,
  dimensions,
  keyType: 'string',
  metric: Number(seed) % 2 === 0 ? 'l2' : 'cosine',
  lists: 6,
  m: 4,
  efConstruction: 40,
  ...(prefilter === undefined ? {} : { prefilter: prefilter === 'true' }),
});
await index.addMany(
  Array.from({ length: count }, (_, i) => String(i)),
  vectors.slice(0, count * dimensions),
);
index.remove('7');
await index.save(path);
index.close();
const whole = new Uint8Array(readFileSync(path));

const outcome = { tried: 0, refused: 0, used: 0 };
let round = 0;
try {
  for (; round < Number(rounds); round++) {
    const bytes = whole.slice();
    alter(bytes);
    writeFileSync(path, bytes);
    for (const open of [loadIndex, viewIndex]) {
      outcome.tried++;
      let opened;
      try {
        opened = await open(path);
      } catch (error) {
        if (!(error instanceof HnswError)) throw error;
        outcome.refused++;
        continue;
      }
      await useAll(opened);
      opened.close();
      outcome.used++;
    }
  }
  console.log(JSON.stringify(outcome));
} catch (error) {
  console.error(`round ${round} of seed ${seed}:`, error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
