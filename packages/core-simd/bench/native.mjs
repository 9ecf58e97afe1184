/**
 * The one-to-many kernels without Node, for working on them: beside a loop that only loads the
 * same rows, and beside themselves without asking for rows ahead.
 *
 *   node bench/native.mjs [operation] [variant]
 *
 * Columns: GB/s of rows for `load` (loads only), `kernel`, and `plain` (not asking ahead); the
 * ratio of kernel to plain; `offset` is the kernel on rows that begin 16 bytes past the start of a
 * cache line, as Node allocates them, so that wide loads straddle two lines. For `dot` also two shapes that the kernels do not have, without asking
 * ahead: `one` row at a time and, with AVX-512, `eight`. Each figure is the median of five runs,
 * which alternate.
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

async function measure(program, what, n, bytes, offset = 0) {
  const { code, stdout, stderr } = await run([
    program,
    variant,
    what,
    String(n),
    String(bytes),
    String(offset),
  ]);
  if (code !== 0) throw new Error(`${program}: ${stderr}`);
  return (n * 4) / Number(stdout);
}

/** GB/s of a shape that not every variant has. */
async function measureShape(program, what, n, bytes) {
  const { code, stdout } = await run([program, variant, what, String(n), String(bytes)]);
  return code === 0 ? (n * 4) / Number(stdout) : Number.NaN;
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
      const runs = { load: [], kernel: [], plain: [], offset: [], one: [], eight: [] };
      for (let round = 0; round < 5; round++) {
        runs.load.push(await measure(program, 'load', n, bytes));
        runs.kernel.push(await measure(program, operation, n, bytes));
        runs.plain.push(await measure(plain, operation, n, bytes));
        runs.offset.push(await measure(program, operation, n, bytes, 16));
        if (operation !== 'dot') continue;
        for (const shape of ['one', 'eight']) runs[shape].push(await measureShape(program, shape, n, bytes));
      }
      const [load, kernel, without] = [median(runs.load), median(runs.kernel), median(runs.plain)];
      table[`${label}, ${n} dimensions`] = {
        load: +load.toFixed(1),
        kernel: +kernel.toFixed(1),
        plain: +without.toFixed(1),
        ratio: +(kernel / without).toFixed(2),
        offset: +median(runs.offset).toFixed(1),
        ...(operation === 'dot' && {
          one: +median(runs.one).toFixed(1),
          eight: +median(runs.eight).toFixed(1),
        }),
      };
    }
  }
  console.log(`${operation}, ${variant === '' ? 'best variant' : variant}`);
  console.table(table);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
