#!/usr/bin/env node
/**
 * The counterpart of dense_test.cpp for WebAssembly: compiles the two units that a module can have and runs them here,
 * against float64.
 *
 *   node native/test/dense_wasm_test.mjs [clang++]
 *
 * Rows end where the memory ends, so one byte too many is a trap; queries are followed by NaN. Prints one line a variant,
 * `<name> <checks> checks, <failures> failed`; the exit status is 1 when anything failed. Needs clang and wasm-ld.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nativeDir = join(dirname(fileURLToPath(import.meta.url)), '..');
const clang = process.argv[2] ?? 'clang++';
const memoryBytes = 4 << 20;
const metrics = ['dot', 'l2sq', 'l1', 'cosine'];
const lengths = [...Array(201).keys(), 255, 256, 257, 384, 1000, 1024, 1536, 4096];
const counts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

function build() {
  const dir = mkdtempSync(join(tmpdir(), 'core-simd-wasm-'));
  const flags = ['--target=wasm32', '-msimd128', '-std=c++17', '-O3', '-ffreestanding', '-fno-exceptions'];
  flags.push(
    '-fno-rtti',
    '-fno-math-errno',
    '-Wall',
    '-Wextra',
    '-Werror',
    `-I${join(nativeDir, 'include')}`,
  );
  try {
    const plain = ['-fno-vectorize', '-fno-slp-vectorize', '-ffp-contract=off'];
    for (const [isa, more] of [
      ['wasm', []],
      ['serial', plain],
    ]) {
      const source = join(nativeDir, `src/dense/${isa}.cpp`);
      execFileSync(clang, [...flags, ...more, '-c', source, '-o', join(dir, `${isa}.o`)]);
    }
    const link = ['--target=wasm32', '-nostdlib', '-Wl,--no-entry', '-Wl,--export-all'];
    link.push(`-Wl,--initial-memory=${memoryBytes}`, join(dir, 'wasm.o'), join(dir, 'serial.o'));
    execFileSync(clang, [...link, '-o', join(dir, 'dense.wasm')]);
    return readFileSync(join(dir, 'dense.wasm'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(build()));
const view = new DataView(exports.memory.buffer);

/** A format of sign, exponent and fraction; `value` is IEEE 754-2019, 3.4. */
function format(bytes, exponentBits, fractionBits) {
  const bias = 2 ** (exponentBits - 1) - 1;
  const fractions = 2 ** fractionBits;
  return {
    bytes,
    sign: 2 ** (exponentBits + fractionBits),
    one: bias * fractions,
    infinity: (2 ** exponentBits - 1) * fractions,
    value(bits) {
      const fraction = bits % fractions;
      const exponent = Math.floor(bits / fractions) % 2 ** exponentBits;
      let magnitude =
        (fraction + (exponent === 0 ? 0 : fractions)) * 2 ** (Math.max(exponent, 1) - bias - fractionBits);
      if (exponent === 2 ** exponentBits - 1)
        magnitude = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
      return bits >= this.sign ? -magnitude : magnitude;
    },
    /** Of either sign, in [2^-8, 1). */
    random() {
      const exponent = bias - 1 - Math.floor(random() * 8);
      return (random() < 0.5 ? this.sign : 0) + exponent * fractions + Math.floor(random() * fractions);
    },
    put(address, bits) {
      if (bytes === 4) view.setUint32(address, bits, true);
      else view.setUint16(address, bits, true);
    },
    get(address) {
      return bytes === 4 ? view.getUint32(address, true) : view.getUint16(address, true);
    },
  };
}

const f32 = format(4, 8, 23);
const f16 = format(2, 5, 10);
const bf16 = format(2, 8, 7);
const types = { f32: [f32, f32], f16: [f16, f16], bf16: [bf16, bf16], f32_f16: [f32, f16] };

let state = 12345;
/** In [0, 1), by a linear congruential generator: the same in each run. */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Elements in memory and their values. */
class Vector {
  constructor(kind, address, size) {
    Object.assign(this, { kind, address, size });
    this.values = new Float64Array(size);
    for (let i = 0; i < size; i++) this.set(i, kind.random());
  }
  at(i) {
    return this.address + i * this.kind.bytes;
  }
  set(i, bits) {
    this.kind.put(this.at(i), bits);
    this.values[i] = this.kind.value(bits);
  }
}

function exact(a, at, b, bt, n) {
  const sums = { dot: 0, l2sq: 0, l1: 0, cosine: Number.NaN, absolute: 0, aa: 0, bb: 0 };
  for (let i = 0; i < n; i++) {
    const x = a.values[at + i];
    const y = b.values[bt + i];
    sums.dot += x * y;
    sums.absolute += Math.abs(x * y);
    sums.l2sq += (x - y) ** 2;
    sums.l1 += Math.abs(x - y);
    sums.aa += x * x;
    sums.bb += y * y;
  }
  if (n > 0) sums.cosine = 1 - sums.dot / Math.sqrt(sums.aa * sums.bb);
  // The bounds of doc/distances.md.
  const gamma = (k) => (k * 2 ** -24) / (1 - k * 2 ** -24);
  const underflow = n * 2 ** -149;
  sums.bound = {
    dot: gamma(n) * sums.absolute + underflow,
    l2sq: gamma(n + 2) * sums.l2sq + underflow,
    l1: gamma(n) * sums.l1 + underflow,
    cosine: gamma(2 * n + 3),
  };
  return sums;
}

let checks = 0;
let failures = 0;

function check(what, got, want, tolerance = 0) {
  checks++;
  const fine = Number.isNaN(want) ? Number.isNaN(got) : got === want || Math.abs(got - want) <= tolerance;
  if (!fine && failures++ < 20) console.log(`${what}: got ${got}, want ${want} +- ${tolerance}`);
}

function results(address, count) {
  return Array.from({ length: count }, (_, i) => view.getFloat32(address + 4 * i, true));
}

/** Every shape of one metric: a query and `count` rows at the end of the memory. */
function checkShapes(isa, type, a, b, out, n, count, want) {
  const kernel = (metric, shape) => exports[`rv_${metric}_${type}_${shape}_${isa}`];
  const begin = b.size - count * n;
  const pointers = out + 4096;
  for (const metric of metrics) {
    const name = (shape) => `${isa} ${type} ${metric} ${shape} n=${n} count=${count}`;
    kernel(metric, 'many')(a.at(0), b.at(begin), n, count, n, out);
    const many = results(out, count);
    for (let r = 0; r < count; r++) {
      want(name(`many row=${r}`), metric, many[r], 0, begin + r * n);
      view.setUint32(pointers + 4 * r, b.at(begin + r * n), true);
    }
    kernel(metric, 'gather')(a.at(0), pointers, n, count, out);
    results(out, count).forEach((got, r) => {
      check(name(`gather row=${r}`), got, many[r]);
    });
    const queries = (count * 3 + n) % 10;
    const stride = n + 1;
    if (queries * stride > a.size) continue;
    view.setFloat32(out + 4 * queries * count, -54321, true);
    kernel(metric, 'tile')(a.at(0), queries, stride, b.at(begin), count, n, n, out, count);
    results(out, queries * count).forEach((got, i) => {
      want(name(`tile ${i}`), metric, got, Math.floor(i / count) * stride, begin + (i % count) * n);
    });
    check(name('write behind out'), view.getFloat32(out + 4 * queries * count, true), -54321);
  }
}

function checkLengths(isa, type, a, b, out) {
  for (const n of lengths) {
    for (const metric of metrics) {
      const pair = exports[`rv_${metric}_${type}_pair_${isa}`];
      for (const [at, bt] of [
        [a.size - n, b.size - n],
        [0, 0],
        [1, b.size - n],
        [1 + (n % 5), 1],
      ]) {
        const e = exact(a, at, b, bt, n);
        check(
          `${isa} ${type} ${metric} n=${n} at=${at}`,
          pair(a.at(at), b.at(bt), n),
          e[metric],
          e.bound[metric],
        );
      }
    }
    const norm = exports[`rv_norm_${type}_${isa}`];
    const squares = exact(b, b.size - n, b, b.size - n, n).aa;
    if (norm !== undefined) {
      check(
        `${isa} ${type} norm n=${n}`,
        norm(b.at(b.size - n), n),
        Math.sqrt(squares),
        (n + 2) * 2 ** -52 * Math.sqrt(squares),
      );
    }
    for (const count of n > 300 ? [5] : counts) {
      checkShapes(isa, type, a, b, out, n, count, (what, metric, got, at, bt) => {
        const e = exact(a, at, b, bt, n);
        check(what, got, e[metric], e.bound[metric]);
      });
    }
  }
}

/** NaN and infinity at each position reach every result; a zero vector has no angle. */
function checkSpecial(isa, type, a, b, out) {
  for (let n = 1; n <= 40; n++) {
    for (let i = 0; i < n; i++) {
      const saved = a.kind.get(a.at(i));
      for (const [bits, expected] of [
        [
          a.kind.infinity + 1,
          { dot: Number.isNaN, l2sq: Number.isNaN, l1: Number.isNaN, cosine: Number.isNaN },
        ],
        [a.kind.infinity, { l2sq: (x) => x === Infinity, l1: (x) => x === Infinity, cosine: Number.isNaN }],
      ]) {
        a.set(i, bits);
        checkShapes(isa, type, a, b, out, n, 5, (what, metric, got, at) => {
          if (at === 0 && metric in expected) check(`${what} special`, expected[metric](got), true);
        });
      }
      a.set(i, saved);
    }
    for (let i = 0; i < n; i++) a.set(i, (i % 2) * a.kind.sign);
    checkShapes(isa, type, a, b, out, n, 5, (what, metric, got, at) => {
      if (at === 0 && metric === 'cosine') check(`${what} zero`, got, Number.NaN);
    });
    for (let i = 0; i < n; i++) a.set(i, a.kind.random());
  }
}

/** Each value of a half float alone, and in each lane of whole and of partial registers. */
function checkHalves(isa, type, a, b) {
  const n = 11;
  const begin = b.size - n;
  const dot = exports[`rv_dot_${type}_pair_${isa}`];
  for (let i = 0; i < n; i++) {
    a.set(i, a.kind.one);
    b.set(begin + i, 0);
  }
  for (let bits = 0; bits < 0x10000; bits++) {
    const at = begin + (bits % n);
    b.set(at, bits);
    check(`${isa} ${type} half ${bits} alone`, dot(a.at(0), b.at(at), 1), b.values[at]);
    check(`${isa} ${type} half ${bits}`, dot(a.at(0), b.at(begin), n), b.values[at]);
    b.set(at, 0);
  }
}

let failed = 0;
for (const isa of ['serial', 'wasm']) {
  checks = 0;
  failures = 0;
  for (const [type, [first, second]] of Object.entries(types)) {
    const base = (exports.__heap_base.value + 15) & ~15;
    const size = 5 * 4096;
    const a = new Vector(first, base, 4100);
    const behind = a.at(a.size);
    for (let i = 0; i < 64; i++) first.put(behind + i * first.bytes, first.infinity + 1);
    const b = new Vector(
      second,
      memoryBytes - Math.max(size, 5 * 4096) * second.bytes,
      Math.max(size, 5 * 4096),
    );
    const out = (behind + 64 * first.bytes + 15) & ~15;
    checkLengths(isa, type, a, b, out);
    checkSpecial(isa, type, a, b, out);
    if (second.bytes === 2) checkHalves(isa, type, a, b);
  }
  console.log(`${isa} ${checks} checks, ${failures} failed`);
  failed += failures;
}
process.exitCode = failed === 0 ? 0 : 1;
