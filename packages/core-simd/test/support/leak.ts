import { type InstalledPackage, runScript } from './package.js';

/** Memory after each of three equal parts of the work, in bytes. */
export interface Growth {
  readonly rss: number[];
  readonly external: number[];
  readonly heap: number[];
}

/**
 * Calls every function `calls` times in a process of its own, with results that are kept by
 * nobody, and `calls / 10` times with input that fails.
 */
export function measureGrowth(installed: InstalledPackage, calls: number, variant: string): Growth {
  const script = `
const n = 100;
const a = new Float32Array(n).fill(1), b = new Float32Array(n).fill(2);
const rows = new Float32Array(4 * n).fill(3), out = new Float32Array(4);
const pairs = [simd.dot, simd.l2sq, simd.l2, simd.l1, simd.cosine];
const manies = [simd.dotMany, simd.l2sqMany, simd.l1Many, simd.cosineMany];
function work(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (const f of pairs) sum += f(a, b);
    sum += simd.norm(a);
    for (const f of manies) sum += f(a, rows)[0] + f(a, rows, out)[3];
    if (i % 10 === 0) {
      try { simd.dot(a, rows); } catch (e) { sum++; }
      try { simd.cosineMany(b, a, b); } catch (e) { sum++; }
    }
  }
  return sum;
}
const growth = { rss: [], external: [], heap: [] };
work(5000);
for (let part = 0; part < 3; part++) {
  work(${Math.ceil(calls / 3)});
  gc(); gc();
  const { rss, external, heapUsed } = process.memoryUsage();
  growth.rss.push(rss); growth.external.push(external); growth.heap.push(heapUsed);
}
console.log(JSON.stringify(growth));`;
  const { json, stderr } = runScript(installed, script, { RUVECTOR_SIMD: variant }, ['--expose-gc']);
  if (json === undefined) throw new Error(stderr);
  return json as Growth;
}
