/**
 * Scalar codes, half floats and binary codes in nanoseconds, without Node, beside a loop that only loads their bytes.
 *
 *   node bench/row-codecs.mjs [variant] [dimensions] [codes] [metric]
 *
 * Builds the addon if it is not up to date and links the same objects. `rows`, `blocks` and `bounds` are nanoseconds a
 * code for estimates of row-major codes, of packed blocks, and of these with bounds; `first` those of the first of two
 * levels alone. `load` is the loop that only loads, four rows side by side. `query` is the preparation of one, `encode`
 * and `decode` are of a row, `copy` is a plain copy of its float32, all in nanoseconds. Codes of 256 KiB together by
 * default, so in the second-level cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelObjects } from '../native/build.mjs';
import { includes, simd } from '../native/toolchain.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const variant = process.argv[2] ?? 'haswell';
const dimensions = Number(process.argv[3] ?? 768);
const codes = Number(process.argv[4] ?? Math.floor(2 ** 18 / dimensions));
const metric = process.argv[5] ?? 'l2sq';
const kinds = ['int8', 'int4', '4x4', '4x8', '8x8', 'float16', 'bfloat16', 'binary'];

const built = await simd.run([process.execPath, join(here, '../native/build.mjs')]);
if (built.code !== 0) throw new Error(built.stderr);
const dir = mkdtempSync(join(tmpdir(), 'quant-row-codecs-'));
try {
  const program = join(dir, 'row-codecs');
  const include = includes.map((path) => `-I${path}`);
  const source = join(here, 'row-codecs.cpp');
  await simd.compile([
    ...simd.findCompiler('CXX'),
    '-std=c++17',
    '-O2',
    ...include,
    source,
    ...kernelObjects(),
    '-o',
    program,
  ]);
  const table = {};
  for (const kind of kinds) {
    const { code, stdout, stderr } = await simd.run([
      program,
      variant,
      kind,
      String(dimensions),
      String(codes),
      metric,
    ]);
    if (code !== 0) throw new Error(`${kind}: ${stderr}`);
    const [rows, blocks, bounds, first, query, encode, decode, load, copy, bytes] = stdout
      .split(' ')
      .map(Number);
    table[kind] = {
      bytes,
      ratio: +((4 * dimensions) / bytes).toFixed(1),
      rows,
      blocks,
      bounds,
      first: first === 0 ? '' : first,
      load,
      query: Math.round(query),
      encode: Math.round(encode),
      decode: Math.round(decode),
      copy: Math.round(copy),
    };
  }
  console.log(`${variant}, ${dimensions} dimensions, ${codes} codes, ${metric}: nanoseconds`);
  console.table(table);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
