/**
 * Ways of multiplying 8-bit codes with a query in AVX2, in nanoseconds a code, and what each adds to bounds:
 * doc/scalar.md, "The query".
 *
 *   node bench/int8-ways.mjs [dimensions] [codes]
 *
 * `query error` is what rounding the query loses, as a share of what rounding a code to 8 bits does, for normal data.
 * A sum over 16 bits leaves 32 bits from 1,000 dimensions or so on; the real kernels then empty it, these here do not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { simd } from '../native/toolchain.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dimensions = process.argv[2] ?? '768';
const codes = process.argv[3] ?? '320';

const dir = mkdtempSync(join(tmpdir(), 'quant-int8-ways-'));
try {
  const program = join(dir, 'int8-ways');
  await simd.compile([
    ...simd.findCompiler('CXX'),
    '-std=c++17',
    '-O3',
    join(here, 'int8-ways.cpp'),
    '-o',
    program,
  ]);
  const { code, stdout, stderr } = await simd.run([program, dimensions, codes]);
  if (code !== 0) throw new Error(stderr);
  const table = {};
  for (const line of stdout.trim().split('\n')) {
    const [name, largest, rows, blocks, error] = line.split(',');
    table[name] = {
      'largest weight': Number(largest),
      rows: Number(rows),
      blocks: Number(blocks),
      'query error': Number(error),
    };
  }
  console.log(`AVX2, ${dimensions} dimensions, ${codes} codes: nanoseconds a code, sums alone`);
  console.table(table);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
