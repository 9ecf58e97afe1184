/**
 * The kernels beside a loop that only loads, in bytes of rows per tick of the time stamp counter, and beside the bound that llvm-mca
 * gives for their innermost loop.
 *
 *   node bench/kernels.mjs [variant] [dimensions]
 *
 * `L1` and `L2`: rows of 16 KiB and of 256 KiB together, one query against all of them (`many`). `load` is the loop that only loads, with
 * loads as wide as the kernel's; `share` is kernel over load. `mca` is the bytes per *cycle* that llvm-mca allows the innermost loop of the
 * kernel on this kind of processor (needs llvm-mca and objdump; data in L1): ticks are cycles only where the processor runs at its
 * nominal frequency, so compare shares, not the two units.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, findCompiler, kernels, nativeDir, run, which } from '../native/toolchain.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'core-simd-kernels-'));
const include = kernels.includeDirs.map((path) => `-I${join(nativeDir, path)}`);
const variant = process.argv[2] ?? 'haswell';
const dimensions = Number(process.argv[3] ?? 768);

/** Bytes of one load of rows, and of rows that one turn of the innermost loop reads, by variant and type. */
const shapes = {
  haswell: {
    f32: { width: 32, turn: 256 },
    f16: { width: 16, turn: 128 },
    bf16: { width: 16, turn: 128 },
    i8: { width: 16, turn: 64 },
    u8: { width: 16, turn: 64 },
    bits: { width: 32, turn: 128 },
  },
  skylake: {
    f32: { width: 64, turn: 512 },
    f16: { width: 32, turn: 256 },
    bf16: { width: 32, turn: 256 },
    i8: { width: 32, turn: 128 },
    u8: { width: 32, turn: 128 },
    bits: { width: 64, turn: 256 },
  },
};
shapes.icelake = { ...shapes.skylake, i8: { width: 64, turn: 256 }, u8: { width: 64, turn: 256 } };

async function build() {
  const cxx = findCompiler('CXX');
  const objects = await Promise.all(
    kernels.sources.map(async (unit, i) => {
      const object = join(dir, `${i}.o`);
      await compile([
        ...cxx,
        ...kernels.cxxflags,
        ...unit.flags,
        ...include,
        '-c',
        join(nativeDir, unit.path),
        '-o',
        object,
      ]);
      return object;
    }),
  );
  const program = join(dir, 'kernels');
  await compile([...cxx, '-std=c++17', '-O2', ...include, join(here, 'kernels.cpp'), ...objects, '-o', program]);
  return program;
}

/** The innermost loop of a function with the most vector instructions, as assembly; undefined where there is none. */
async function hotLoop(program, symbol) {
  const { code, stdout } = await run([
    'objdump',
    '-d',
    '--no-show-raw-insn',
    `--disassemble=${symbol}`,
    program,
  ]);
  if (code !== 0) return undefined;
  const lines = [...stdout.matchAll(/^\s+([0-9a-f]+):\s+(.*)$/gm)].map(([, address, text]) => ({
    address: Number.parseInt(address, 16),
    text: text.replace(/\s*#.*$/, '').replace(/<[^>]*>/, '').trim(),
  }));
  let best;
  for (const [i, { text }] of lines.entries()) {
    const target = /^j\w+\s+([0-9a-f]+)/.exec(text)?.[1];
    const start = target === undefined ? -1 : lines.findIndex((line) => line.address === Number.parseInt(target, 16));
    if (start < 0 || start > i) continue;
    const body = lines.slice(start, i);
    if (body.some(({ text: inner }) => /^(j\w+|call)/.test(inner))) continue;
    const vectors = body.filter(({ text: inner }) => inner.startsWith('v')).length;
    if (best === undefined || vectors > best.vectors) best = { vectors, body };
  }
  return best?.body.map(({ text }) => text).join('\n');
}

/** Bytes of rows per cycle that llvm-mca allows the kernel's innermost loop. */
async function bound(program, type, metric, turn) {
  const mca = ['llvm-mca', 'llvm-mca-14', 'llvm-mca-15', 'llvm-mca-16'].find((name) => which(name) !== undefined);
  if (mca === undefined || which('objdump') === undefined) return undefined;
  for (const isa of [variant, 'skylake', 'haswell']) {
    const loop = await hotLoop(program, `rv_${metric}_${type}_many_${isa}`);
    if (loop === undefined || loop === '') continue;
    const file = join(dir, 'loop.s');
    writeFileSync(file, `${loop}\n`);
    const { code, stdout } = await run([mca, '-mcpu=native', '-iterations=200', file]);
    const cycles = Number(/Total Cycles:\s+(\d+)/.exec(stdout)?.[1]) / 200;
    return code === 0 && cycles > 0 ? turn / cycles : undefined;
  }
  return undefined;
}

try {
  const program = await build();
  const table = {};
  for (const [type, { width, turn }] of Object.entries(shapes[variant] ?? {})) {
    for (const metric of type === 'bits' ? ['hamming', 'jaccard'] : ['dot', 'l2sq', 'cosine']) {
      const row = {};
      for (const [cache, bytes] of [
        ['L1', 2 ** 14],
        ['L2', 2 ** 18],
      ]) {
        const size = type === 'bits' ? dimensions * 8 : dimensions;
        const { code, stdout, stderr } = await run([
          program,
          variant,
          type,
          metric,
          String(size),
          String(bytes),
          String(width),
        ]);
        if (code !== 0) throw new Error(`kernels ${variant} ${type} ${metric}: ${stderr}`);
        const [kernel, load] = stdout.trim().split(' ').map(Number);
        row[cache] = +kernel.toFixed(1);
        row[`${cache} load`] = +load.toFixed(1);
        row[`${cache} share`] = +(kernel / load).toFixed(2);
      }
      const most = await bound(program, type, metric, turn);
      row.mca = most === undefined ? '' : +most.toFixed(1);
      table[`${metric} ${type}`] = row;
    }
  }
  console.log(`${variant}, ${dimensions} dimensions (bits: 8 times as many)`);
  console.table(table);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
