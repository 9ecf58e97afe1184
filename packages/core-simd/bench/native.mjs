/**
 * The one-to-many kernels without Node, for working on them: beside a loop that only loads the
 * same rows, and beside themselves without asking for rows ahead.
 *
 *   node bench/native.mjs [operation] [variant]
 *
 * Columns: GB/s of rows for `load` (loads only), `kernel`, and `plain` (not asking ahead); the
 * ratio of kernel to plain. Each figure is the median of five runs, which alternate.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, findCompiler, kernels, nativeDir, run } from '../native/toolchain.mjs';

const operation = process.argv[2] ?? 'l2sq';
const variant = process.argv[3] ?? '';
const here = dirname(fileURLToPath(import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'core-simd-bench-'));
const include = kernels.includeDirs.map((path) => `-I${join(nativeDir, path)}`);

async function build(name, flags) {
  const cxx = findCompiler('CXX');
  const objects = await Promise.all(
    kernels.sources.map(async (unit, i) => {
      const object = join(dir, `${name}${i}.o`);
      const source = join(nativeDir, unit.path);
      await compile([
        ...cxx,
        ...kernels.cxxflags,
        ...flags,
        ...unit.flags,
        ...include,
        '-c',
        source,
        '-o',
        object,
      ]);
      return object;
    }),
  );
  const program = join(dir, name);
  await compile([
    ...cxx,
    '-std=c++17',
    '-O2',
    ...include,
    join(here, 'native.cpp'),
    ...objects,
    '-o',
    program,
  ]);
  return program;
}

async function measure(program, what, n, bytes) {
  const { code, stdout, stderr } = await run([program, variant, what, String(n), String(bytes)]);
  if (code !== 0) throw new Error(`${program}: ${stderr}`);
  return (n * 4) / Number(stdout);
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

try {
  const program = await build('kernel', []);
  const plain = await build('plain', ['-DRV_AHEAD_MIN_BYTES=((size_t)-1)']);
  const table = {};
  for (const [label, bytes] of [
    ['16 KiB', 2 ** 14],
    ['512 KiB', 2 ** 19],
    ['8 MiB', 2 ** 23],
    ['128 MiB', 2 ** 27],
  ]) {
    for (const n of [96, 128, 256, 384, 768, 1536]) {
      const runs = { load: [], kernel: [], plain: [] };
      for (let round = 0; round < 5; round++) {
        runs.load.push(await measure(program, 'load', n, bytes));
        runs.kernel.push(await measure(program, operation, n, bytes));
        runs.plain.push(await measure(plain, operation, n, bytes));
      }
      const [load, kernel, without] = [median(runs.load), median(runs.kernel), median(runs.plain)];
      table[`${label}, ${n} dimensions`] = {
        load: +load.toFixed(1),
        kernel: +kernel.toFixed(1),
        plain: +without.toFixed(1),
        ratio: +(kernel / without).toFixed(2),
      };
    }
  }
  console.log(`${operation}, ${variant === '' ? 'best variant' : variant}`);
  console.table(table);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
