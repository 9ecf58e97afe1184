/**
 * A reader written from doc/format.md alone: it finds in a file what was put into the index. It shares no code with the
 * package.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createIndex, type IndexKind, type KeyType, type Metric } from '../src/index.js';
import { crc32c } from './support/crc32c.mjs';

const folder = mkdtempSync(join(tmpdir(), 'hnsw-format-'));
afterAll(() => rmSync(folder, { recursive: true }));

const up = (n: number, unit: number) => Math.ceil(n / unit) * unit;

/** What the container says and holds; every checksum is compared. */
function readFile(path: string) {
  const bytes = new Uint8Array(readFileSync(path));
  const view = new DataView(bytes.buffer);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  expect(Buffer.from(bytes.subarray(0, 16)).toString('hex')).toBe('895256494e4445580d0a1a0a00000000');
  expect([u64(16), u64(24), u64(48)]).toEqual([1, 0, bytes.length]);
  expect(view.getUint32(4092, true)).toBe(crc32c(bytes.subarray(0, 4092)));
  const sections = new Map<string, { data: Uint8Array; begin: number; end: number }>();
  let begin = 4096;
  for (let i = 0; i < u64(56); i++) {
    const at = 128 + 32 * i;
    const name = Buffer.from(bytes.subarray(at, at + 16))
      .toString('latin1')
      .replace(/\0+$/, '');
    const size = u64(at + 24);
    expect(u64(at + 16)).toBe(begin);
    sections.set(name, { data: bytes.slice(begin, begin + size), begin, end: begin + up(size, 4096) });
    begin += up(size, 4096);
  }
  const [sums, sumBytes, roots, rootBytes] = [u64(64), u64(72), u64(80), u64(88)];
  expect(sums).toBe(begin);
  expect(roots).toBe(sums + up(sumBytes, 4096));
  expect(roots + rootBytes).toBe(bytes.length);
  expect(u64(96)).toBe(crc32c(bytes.subarray(roots)));
  for (let at = sums, n = 0; at < roots; at += 16384, n++) {
    const block = bytes.subarray(at, Math.min(roots, at + 16384));
    expect(view.getUint32(roots + 4 * n, true)).toBe(crc32c(block));
  }
  let block = 0;
  for (const { begin: first, end } of sections.values()) {
    for (let at = first; at < end; at += 16384, block++) {
      const sum = crc32c(bytes.subarray(at, Math.min(end, at + 16384)));
      expect(view.getUint32(sums + 4 * block, true)).toBe(sum);
    }
  }
  expect(sumBytes).toBe(4 * block);
  const section = (name: string) => {
    const { data } = sections.get(name)!;
    return new DataView(data.buffer, data.byteOffset, data.byteLength);
  };
  return { kind: u64(32), version: u64(40), section, names: [...sections.keys()] };
}

type File = ReturnType<typeof readFile>;

/** The section `index`. */
function headOf({ section }: File) {
  const view = section('index');
  const names = [
    'kind',
    'type',
    'metric',
    'keys',
    'dimensions',
    'm',
    'degree',
    'efConstruction',
    'lists',
    'mode',
    'prefilter',
    'slots',
    'rows',
    'measured',
  ] as const;
  const fields = names.map((name, i) => [name, view.getUint32(4 * i, true)] as const);
  return Object.fromEntries(fields) as Record<(typeof names)[number], number>;
}

const u64s = 2n ** 64n - 1n;

function mix(x: bigint): bigint {
  let h = x;
  h = ((h ^ (h >> 33n)) * 0xff51afd7ed558ccdn) & u64s;
  h = ((h ^ (h >> 33n)) * 0xc4ceb9fe1a85ec53n) & u64s;
  return h ^ (h >> 33n);
}

function hashOf(key: bigint | string): bigint {
  if (typeof key === 'bigint') return mix(BigInt.asUintN(64, key));
  const bytes = Buffer.from(key);
  let hash = BigInt(bytes.length);
  const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
  let at = 0;
  for (; bytes.length - at >= 8; at += 8) hash = mix(hash ^ padded.readBigUInt64LE(at));
  return mix(hash ^ padded.readBigUInt64LE(at));
}

/** The keys of slots, each found through the table; undefined where there is no row. */
function keysOf(file: File): (bigint | string | undefined)[] {
  const { keys, slots, rows } = headOf(file);
  const [alive, own, table] = [file.section('alive'), file.section('keys'), file.section('keys.table')];
  const text = keys === 1 ? file.section('keys.text') : undefined;
  const entries = BigInt(table.byteLength / 4);
  const found = Array.from({ length: slots }, (_, slot) => {
    if ((alive.getUint8(slot >> 3) & (1 << (slot & 7))) === 0) return undefined;
    if (text === undefined) return own.getBigInt64(8 * slot, true);
    const at = Number(own.getBigUint64(8 * slot, true));
    return Buffer.from(text.buffer, text.byteOffset + at + 4, text.getUint32(at, true)).toString();
  });
  expect(found.filter((key) => key !== undefined)).toHaveLength(rows);
  for (const [slot, key] of found.entries()) {
    if (key === undefined) continue;
    let place = hashOf(key) % entries;
    for (; table.getUint32(4 * Number(place), true) !== slot; place = (place + 1n) % entries) {
      expect(table.getUint32(4 * Number(place), true)).not.toBe(0xffffffff);
    }
  }
  return found;
}

/** Rows of floats, so many bytes apart. */
function rowsOf(view: DataView, slots: number, dimensions: number, apart: number): Float32Array[] {
  return Array.from({ length: slots }, (_, slot) =>
    Float32Array.from({ length: dimensions }, (__, i) => view.getFloat32(slot * apart + 4 * i, true)),
  );
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** The rotation of @ruvector/quant's doc/format.md, its signs by splitmix64. */
function rotate(vector: ArrayLike<number>, n: number, seed: bigint): Float64Array {
  const signs: number[] = [];
  for (let state = seed; signs.length < n / 2; ) {
    state = (state + 0x9e3779b97f4a7c15n) & u64s;
    let z = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & u64s;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & u64s;
    signs.push(Number((z ^ (z >> 31n)) >> 56n));
  }
  const x = new Float64Array(n);
  x.set(Array.from(vector));
  const windows: number[] = [];
  for (let size = 1; size <= n; size *= 2) if (n & size) windows.unshift(size);
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < n; i++) {
      if (signs[(round * n) / 8 + (i >> 3)] & (1 << (i & 7))) x[i] = -x[i];
    }
    let first = 0;
    for (const size of round % 2 === 0 ? windows : [...windows].reverse()) {
      for (let stride = 1; stride < size; stride *= 2) {
        for (let i = 0; i < size; i++) {
          if (i & stride) continue;
          const [a, b] = [x[first + i], x[first + i + stride]];
          x[first + i] = a + b;
          x[first + i + stride] = a - b;
        }
      }
      const factor = size < n ? 1 / Math.sqrt(size) : round % 2 === 1 ? 1 / n : 1;
      for (let i = 0; i < size; i++) x[first + i] *= factor;
      first += size;
    }
    if (windows.length === 1) continue;
    for (let i = 0; i < n / 2; i++) {
      const [a, b] = [x[i], x[i + n / 2]];
      const factor = round % 2 === 1 ? 1 / 2 : 1;
      x[i] = (a + b) * factor;
      x[i + n / 2] = (a - b) * factor;
    }
  }
  return x;
}

const order = [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15];

/** Signs of code i of a packed block of n coordinates. */
function signsOf(block: DataView, begin: number, n: number, i: number): Int8Array {
  const place = order.indexOf(i % 16);
  const shift = i < 16 ? 0 : 4;
  return Int8Array.from({ length: n }, (_, j) => {
    const byte = block.getUint8(begin + 32 * (j >> 3) + (j % 8 < 4 ? 0 : 16) + place);
    return (byte >> (shift + (j % 4))) & 1 ? 1 : -1;
  });
}

interface Case {
  readonly kind: IndexKind;
  readonly metric: Metric;
  readonly keyType: KeyType;
  readonly dimensions: number;
}

const count = 700;

async function save({ kind, metric, keyType, dimensions }: Case) {
  const index = createIndex({ kind, metric, keyType, dimensions, lists: 5, m: 6, seed: 3 });
  let state = 5;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 2 ** 30 - 1;
  };
  const vectors = Float32Array.from({ length: count * dimensions }, random);
  const keyOf = (i: number) =>
    keyType === 'number' ? i : keyType === 'bigint' ? -BigInt(i) : `key ${'x'.repeat(i % 20)}${i}`;
  await index.addMany(Array.from({ length: count }, (_, i) => keyOf(i)) as never, vectors);
  const removed = [3, 77, 500];
  for (const i of removed) index.remove(keyOf(i) as never);
  const path = join(folder, `${kind}-${metric}`);
  await index.save(path);
  index.close();
  const kept = Array.from({ length: count }, (_, i) => i).filter((i) => !removed.includes(i));
  const wanted = new Map(
    kept.map((i) => {
      const key = keyOf(i);
      return [
        typeof key === 'number' ? BigInt(key) : key,
        vectors.subarray(i * dimensions, (i + 1) * dimensions),
      ];
    }),
  );
  const file = readFile(path);
  expect(file.version).toBe(1);
  return { file, head: headOf(file), wanted, keys: keysOf(file) };
}

function expectRows(
  rows: readonly Float32Array[],
  keys: readonly (bigint | string | undefined)[],
  wanted: ReadonlyMap<bigint | string, Float32Array>,
): void {
  const found = keys.flatMap((key, slot) => (key === undefined ? [] : [[key, rows[slot]] as const]));
  expect(new Map(found)).toEqual(new Map([...wanted].map(([key, row]) => [key, Float32Array.from(row)])));
}

const strideOf = (rowBytes: number) => (rowBytes >= 64 ? up(rowBytes, 64) : rowBytes);

describe('a reader written from doc/format.md', () => {
  it.each([
    { kind: 'qg', metric: 'l2', keyType: 'string', dimensions: 100 },
    { kind: 'qg', metric: 'cosine', keyType: 'number', dimensions: 33 },
    { kind: 'qg', metric: 'ip', keyType: 'bigint', dimensions: 128 },
  ] as const)('finds rows, links and estimates of $kind, $metric', async (given) => {
    const { dimensions, metric } = given;
    const { file, head, wanted, keys } = await save(given);
    expect(head).toMatchObject({
      kind: 2,
      type: 0,
      dimensions,
      degree: 32,
      rows: wanted.size,
      lists: 5,
      m: 6,
    });
    const own = file.section('qg');
    const seed = own.getBigUint64(0, true);
    const [entry, degree, n, bytes] = [8, 12, 16, 20].map((at) => own.getUint32(at, true));
    const mean = Float32Array.from({ length: dimensions }, (_, i) => own.getFloat32(24 + 4 * i, true));
    expect([degree, n, own.byteLength]).toEqual([32, up(dimensions, 64), 24 + 4 * dimensions]);
    expect(keys[entry]).toBeDefined();
    const rowBytes = 4 * dimensions + (metric === 'cosine' ? 4 : 0);
    const codesAt = up(rowBytes + 10 * degree + 4, 64);
    expect(bytes).toBe(codesAt + (degree * n) / 8);
    const records = file.section('qg.records');
    expect(records.byteLength).toBe(bytes * head.slots);
    const rows = rowsOf(records, head.slots, dimensions, bytes);
    expectRows(rows, keys, wanted);

    const unit = (x: Float32Array) =>
      metric === 'cosine' ? x.map((each) => each / Math.sqrt(dot(x, x))) : x;
    const distance = (a: Float32Array, b: Float32Array) =>
      metric === 'ip'
        ? -dot(a, b)
        : (metric === 'cosine' ? 1 / 2 : 1) * a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);
    const query = unit(rows[11]);
    const turned = rotate(
      query.map((x, i) => x - mean[i]),
      n,
      seed,
    );
    let [links, bias, square] = [0, 0, 0];
    for (const [slot, key] of keys.entries()) {
      if (key === undefined) continue;
      const at = slot * bytes;
      const there = records.getUint32(at + rowBytes + 10 * degree, true);
      expect(there).toBeLessThanOrEqual(degree);
      const node = unit(rows[slot]);
      const d = distance(query, node);
      for (let i = 0; i < there; i++) {
        const link = records.getUint32(at + rowBytes + 4 * degree + 4 * i, true);
        expect(link).toBeLessThan(head.slots);
        if (keys[link] === undefined) continue;
        const add = records.getFloat32(at + rowBytes + 4 * i, true);
        const half = new DataView(new ArrayBuffer(4));
        half.setUint16(2, records.getUint16(at + rowBytes + 8 * degree + 2 * i, true), true);
        const signs = signsOf(records, at + codesAt + Math.floor(i / 32) * 4 * n, n, i % 32);
        const estimate = d + add + (half.getFloat32(0, true) * dot(signs, turned)) / 2;
        const neighbour = unit(rows[link]);
        const span = Math.sqrt(neighbour.reduce((sum, x, j) => sum + (x - node[j]) ** 2, 0));
        const error = (estimate - distance(query, neighbour)) / (span * Math.sqrt(dot(turned, turned)));
        links++;
        bias += error;
        square += error * error;
      }
    }
    expect(links).toBeGreaterThan(10 * wanted.size);
    // An error of one bit a coordinate is some 0.75 / sqrt(n) of |y| |p|, doubled under l2 (doc/rabitq.md of quant).
    const scale = (metric === 'l2' ? 2 : 1) / Math.sqrt(n);
    expect(Math.abs(bias / links)).toBeLessThan(0.2 * scale);
    expect(Math.sqrt(square / links)).toBeLessThan(1.1 * scale);
    expect(Math.sqrt(square / links)).toBeGreaterThan(0.3 * scale);
  });

  it.each([
    { kind: 'flat', metric: 'ip', keyType: 'number', dimensions: 9 },
    { kind: 'flat', metric: 'cosine', keyType: 'bigint', dimensions: 40 },
  ] as const)('finds rows of $kind, $metric', async (given) => {
    const { dimensions, metric } = given;
    const { file, head, wanted, keys } = await save(given);
    expect(head).toMatchObject({ kind: 0, type: 0, dimensions, rows: wanted.size, prefilter: 0 });
    const stride = strideOf(4 * dimensions + (metric === 'cosine' ? 4 : 0));
    expectRows(rowsOf(file.section('flat.rows'), head.slots, dimensions, stride), keys, wanted);
  });

  it.each([
    { kind: 'hnsw', metric: 'l2', keyType: 'string', dimensions: 12 },
    { kind: 'hnsw', metric: 'cosine', keyType: 'number', dimensions: 30 },
  ] as const)('finds rows, links and their distances of $kind, $metric', async (given) => {
    const { dimensions, metric } = given;
    const { file, head, wanted, keys } = await save(given);
    expect(head).toMatchObject({ kind: 1, type: 0, dimensions, rows: wanted.size, m: 6 });
    const own = file.section('hnsw');
    const entry = own.getBigUint64(8, true);
    const [m, stride, nodeBytes, upperBytes, uppers] = [16, 20, 24, 28, 32].map((at) =>
      own.getUint32(at, true),
    );
    expect([own.byteLength, m, nodeBytes, upperBytes]).toEqual([40, 6, 12 + 8 * m, up(8 * m + 4, 8)]);
    expect(stride).toBe(strideOf(4 * dimensions + (metric === 'cosine' ? 4 : 0)));
    const rows = rowsOf(file.section('hnsw.rows'), head.slots, dimensions, stride);
    expectRows(rows, keys, wanted);
    const [links, nodes, upper] = ['links', 'nodes', 'upper'].map((name) => file.section(`hnsw.${name}`));
    expect(links.byteLength).toBe(8 * m * head.slots);
    expect(upper.byteLength).toBe(uppers * upperBytes);

    const levelOf = (slot: number) => nodes.getUint8(slot * nodeBytes + 4);
    const [entrySlot, entryLevel] = [Number(entry & 0xffffffffn), Number(entry >> 32n) - 1];
    expect(keys[entrySlot]).toBeDefined();
    expect(levelOf(entrySlot)).toBe(entryLevel);
    const distance = (a: Float32Array, b: Float32Array) =>
      metric === 'l2'
        ? a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0)
        : 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const seen = new Set<number>();
    const look = (
      slot: number,
      layer: number,
      list: DataView,
      at: number,
      most: number,
      record: DataView,
      there: number,
    ) => {
      const count = record.getUint8(there);
      for (let i = 0; i < most; i++) {
        const word = list.getUint32(at + 4 * i, true);
        if (i >= count) {
          expect(word).toBe(0xffffffff);
          continue;
        }
        const link = word & 0x7fffffff;
        expect(levelOf(link)).toBeGreaterThanOrEqual(layer);
        const stored = record.getFloat32(there + 4 + 4 * i, true);
        if (i > 0) expect(stored).toBeGreaterThanOrEqual(record.getFloat32(there + 4 * i, true));
        if (keys[slot] === undefined || keys[link] === undefined) continue;
        expect(Math.abs(stored - distance(rows[slot], rows[link]))).toBeLessThan(1e-5 * (1 + stored));
        if (layer === 0) seen.add(link);
      }
    };
    let blocks = 0;
    for (let slot = 0; slot < head.slots; slot++) {
      const node = slot * nodeBytes;
      look(slot, 0, links, slot * 8 * m, 2 * m, nodes, node + 8);
      for (let layer = 1; layer <= levelOf(slot); layer++, blocks++) {
        const at = (nodes.getUint32(node, true) - 1 + layer - 1) * upperBytes;
        look(slot, layer, upper, at, m, upper, at + 4 * m);
      }
    }
    expect(blocks).toBe(uppers);
    // But for the entry each row has a link that leads to it.
    expect(seen.size).toBeGreaterThanOrEqual(wanted.size - 1);
  });

  it.each([
    { kind: 'ivf', metric: 'l2', keyType: 'number', dimensions: 20 },
    { kind: 'ivf', metric: 'cosine', keyType: 'string', dimensions: 15 },
  ] as const)('finds rows and lists of $kind, $metric', async (given) => {
    const { dimensions, metric } = given;
    const { file, head, wanted, keys } = await save(given);
    expect(head).toMatchObject({ kind: 3, type: 0, dimensions, rows: wanted.size });
    const own = file.section('ivf');
    const [lists, hasCodes, stride, blockBytes] = [24, 28, 32, 36].map((at) => own.getUint32(at, true));
    expect(own.byteLength).toBe(40);
    expect(stride).toBe(strideOf(4 * dimensions + (metric === 'cosine' ? 4 : 0)));
    expectRows(rowsOf(file.section('ivf.rows'), head.slots, dimensions, stride), keys, wanted);
    expect(hasCodes).toBe(1);
    const sizes = file.section('ivf.lists');
    expect(sizes.byteLength).toBe(4 * lists);
    expect(file.section('ivf.centroids').byteLength).toBe(4 * lists * dimensions);
    const blocks = file.section('ivf.blocks');
    const slots: number[] = [];
    let block = 0;
    for (let list = 0; list < lists; list++) {
      const there = sizes.getUint32(4 * list, true);
      for (let b = 0; b < there; b++, block++) {
        const at = block * blockBytes;
        const rows = blocks.getUint32(at + 128, true);
        if (b + 1 < there) expect(rows).toBe(32);
        for (let i = 0; i < 32; i++) {
          const slot = blocks.getUint32(at + 4 * i, true);
          if (i < rows) slots.push(slot);
          else expect(slot).toBe(0xffffffff);
        }
      }
    }
    expect(blocks.byteLength).toBe(block * blockBytes);
    const found = slots.filter((slot) => keys[slot] !== undefined);
    expect(found).toHaveLength(wanted.size);
    expect(new Set(found).size).toBe(wanted.size);
  });
});
