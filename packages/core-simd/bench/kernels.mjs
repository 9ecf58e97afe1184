/**
 * The kernels beside a loop that only loads, in bytes of rows per tick of the time stamp counter, and beside the bound that llvm-mca
 * gives for their innermost loop.
 *
 *   node bench/kernels.mjs [variant] [dimensions]
 *
 * `L1` and `L2`: rows of 16 KiB and of 256 KiB together, one query against all of them (`many`). `load` is the loop that only loads, with
 * loads as wide as the kernel's; `share` is kernel over load. `mca` is what llvm-mca allows the loop in which the kernel spends its
 * time, with data in L1, turned from cycles into ticks by a chain of additions timed beside it; `mca share` is kernel over that. The
 * larger share counts: where the arithmetic of a distance takes more of the processor than its loads (cosine needs two multiply-adds
 * a load, bytes must be widened), the bound of llvm-mca is what it can reach.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, findCompiler, kernels, nativeDir, run, which } from '../native/toolchain.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'core-simd-kernels-'));
const include = kernels.includeDirs.map((path) => `-I${join(nativeDir, path)}`);
const variant = process.argv[2] ?? 'haswell';
const dimensions = Number(process.argv[3] ?? 768);

/** Bytes of one load of rows, by variant and type. */
const widths = {
  haswell: { f32: 32, f16: 16, bf16: 16, i8: 16, u8: 16, bits: 32 },
  skylake: { f32: 64, f16: 32, bf16: 32, i8: 32, u8: 32, bits: 64 },
};
widths.icelake = { ...widths.skylake, i8: 64, u8: 64 };

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
  await compile([
    ...cxx,
    '-std=c++17',
    '-O2',
    '-no-pie',
    ...include,
    join(here, 'kernels.cpp'),
    ...objects,
    '-o',
    program,
  ]);
  return program;
}

/** A register's place in the samples, by its 64-bit name. */
const registers = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'].concat(
  Array.from({ length: 8 }, (_, i) => `r${i + 8}`),
);

/** The instructions of the program: `{ address, text }` in order. */
async function disassemble(program) {
  const { code, stdout, stderr } = await run(['objdump', '-d', '--no-show-raw-insn', program]);
  if (code !== 0) throw new Error(`objdump: ${stderr}`);
  return [...stdout.matchAll(/^\s+([0-9a-f]+):\s+(.*)$/gm)].map(([, address, text]) => ({
    address: Number.parseInt(address, 16),
    text: text
      .replace(/\s*#.*$/, '')
      .replace(/<[^>]*>/, '')
      .trim(),
  }));
}

/** The innermost loop without calls or other jumps in which most of the samples lie. */
function hotLoop(code, samples) {
  const place = new Map(code.map(({ address }, i) => [address, i]));
  const hits = samples.map(({ at }) => place.get(at)).filter((i) => i !== undefined);
  let best;
  for (const [end, { text }] of code.entries()) {
    const target = /^j\w+\s+([0-9a-f]+)/.exec(text)?.[1];
    const start = target === undefined ? undefined : place.get(Number.parseInt(target, 16));
    if (start === undefined || start > end || end - start > 400) continue;
    const count = hits.filter((i) => i >= start && i <= end).length;
    if (count < hits.length / 4 || (best !== undefined && count <= best.count)) continue;
    if (code.slice(start, end).some(({ text: inner }) => /^(j\w+|call)/.test(inner))) continue;
    best = { start, end, count };
  }
  if (best === undefined) return undefined;
  const inside = samples.filter(({ at }) => {
    const i = place.get(at);
    return i !== undefined && i >= best.start && i <= best.end;
  });
  return { body: code.slice(best.start, best.end).map(({ text }) => text), inside };
}

/** Bytes that an instruction loads from memory; conversions that widen load less than they write. */
function loadWidth(text) {
  const width = { x: 16, y: 32, z: 64 }[/%([xyz])mm/.exec(text.slice(text.lastIndexOf(',')))?.[1]];
  if (width === undefined) return 8;
  if (/^vcvtph2ps|^vpmov[sz]x(bw|wd|dq)/.test(text)) return width / 2;
  if (/^vpmov[sz]xb(d|q)/.test(text)) return width / (text.includes('bq') ? 8 : 4);
  if (/^vinserti128|^vbroadcasti128/.test(text)) return 16;
  return width;
}

/** Bytes of rows that one turn of a loop loads, by the registers when it was interrupted. */
function rowBytes({ body, inside }, [first, end]) {
  const votes = inside.slice(0, 50).map((sample) => {
    const value = (name) => (name ? (sample.registers[registers.indexOf(name)] ?? 0n) : 0n);
    // A place that is loaded twice in one turn counts once.
    const places = new Map();
    for (const text of body) {
      const operand = /(-?0x[0-9a-f]+)?\(%(\w+)(?:,%(\w+)(?:,(\d))?)?\)/.exec(text);
      if (operand === null || /^(lea|prefetch|nop)/.test(text)) continue;
      const [, displacement, base, index, scale] = operand;
      const offset = displacement?.startsWith('-')
        ? -BigInt(displacement.slice(1))
        : BigInt(displacement ?? 0);
      const at = value(base) + value(index) * BigInt(scale ?? 1) + offset;
      if (at >= first && at < end) places.set(at, loadWidth(text));
    }
    return [...places.values()].reduce((sum, width) => sum + width, 0);
  });
  // Interrupts in the middle of the loop, or at the rows' end, see other addresses: the median does not.
  return votes.sort((a, b) => a - b)[votes.length >> 1] ?? 0;
}

/** Bytes of rows per cycle that llvm-mca allows the kernel's hot loop; undefined without the tool or a clear loop. */
async function bound(code, report) {
  if (code === undefined) return undefined;
  const number = (digits) => BigInt(`0x${digits}`);
  const lines = report.split('\n').map((line) => line.split(' '));
  const samples = lines
    .filter(([kind]) => kind === 'at')
    .map(([, at, ...rest]) => ({ at: Number.parseInt(at, 16), registers: rest.map(number) }));
  const range = lines
    .find(([kind]) => kind === 'range')
    .slice(1)
    .map(number);
  const loop = hotLoop(code, samples);
  if (loop === undefined) return undefined;
  const file = join(dir, 'loop.s');
  writeFileSync(file, `${loop.body.join('\n')}\n`);
  const { code: exit, stdout } = await run([mca, `-mcpu=${model}`, '-iterations=200', file]);
  const cycles = Number(/Total Cycles:\s+(\d+)/.exec(stdout)?.[1]) / 200;
  const bytes = rowBytes(loop, range);
  return exit === 0 && cycles > 0 && bytes > 0 ? bytes / cycles : undefined;
}

/** The newest llvm-mca there is; 14 is what Debian 12 calls plain `llvm-mca`. */
const mca = ['llvm-mca-19', 'llvm-mca-16', 'llvm-mca-15', 'llvm-mca', 'llvm-mca-14'].find(
  (name) => which(name) !== undefined,
);

/**
 * The processor that llvm-mca takes: this one. Its tables are approximations: LLVM 19 gives Zen 5 the units of Zen 4, which
 * take a 512-bit operation in two halves, so a kernel can be faster than the bound there. Before LLVM 16 the table of Zen 3
 * multiplies and adds once a cycle, which Zen 2's does twice, as both processors do.
 */
const old = !/-1[69]$/.test(mca ?? '');
const amd = cpus()[0]?.model.includes('AMD') ?? false;
const model = !old ? 'native' : variant !== 'haswell' ? 'skylake-avx512' : amd ? 'znver2' : 'skylake';

try {
  const program = await build();
  const code = mca === undefined || which('objdump') === undefined ? undefined : await disassemble(program);
  const table = {};
  for (const [type, width] of Object.entries(widths[variant] ?? {})) {
    for (const metric of type === 'bits' ? ['hamming', 'jaccard'] : ['dot', 'l2sq', 'cosine']) {
      const row = {};
      for (const [cache, bytes] of [
        ['L1', 2 ** 14],
        ['L2', 2 ** 18],
      ]) {
        const size = type === 'bits' ? dimensions * 8 : dimensions;
        const {
          code: exit,
          stdout,
          stderr,
        } = await run([program, variant, type, metric, String(size), String(bytes), String(width)]);
        if (exit !== 0) throw new Error(`kernels ${variant} ${type} ${metric}: ${stderr}`);
        const [kernel, load, cycles] = stdout.split(/\s+/, 3).map(Number);
        row[cache] = +kernel.toFixed(1);
        row[`${cache} load`] = +load.toFixed(1);
        row[`${cache} share`] = +(kernel / load).toFixed(2);
        if (cache !== 'L1') continue;
        const most = await bound(code, stdout);
        row.mca = most === undefined ? '' : +(most * cycles).toFixed(1);
        row['mca share'] = most === undefined ? '' : +(kernel / (most * cycles)).toFixed(2);
      }
      table[`${metric} ${type}`] = row;
    }
  }
  console.log(
    `${variant}, ${dimensions} dimensions (bits: 8 times as many); ${mca ?? 'no llvm-mca'} -mcpu=${model}`,
  );
  console.table(table);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
