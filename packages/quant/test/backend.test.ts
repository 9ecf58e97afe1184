import { execFileSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { choose } from '../src/backend/current.js';
import { loadAddon } from '../src/backend/native.js';
import type { NativeKernels } from '../src/backend/types.js';
import { aimNumbers, queryNumbers } from '../src/rabitq/prepare.js';
import { Random } from '../src/random.js';
import { buildAddon, packageDir } from './support/backend.js';

buildAddon();

describe('the choice', () => {
  it('is the best that runs here, or what RUVECTOR_SIMD asks for', () => {
    const { capabilities } = choose('');
    expect(capabilities).toMatchObject({ backend: 'native', variant: capabilities.available[0] });
    expect(capabilities).not.toHaveProperty('reason');
    for (const name of capabilities.available) {
      const forced = choose(name);
      expect(forced.capabilities.variant).toBe(name);
      expect(forced.native === undefined).toBe(name === 'typescript');
    }
    expect(capabilities.available).toContain('serial');
    expect(capabilities.available.at(-1)).toBe('typescript');
    // WebAssembly is core-simd's alone.
    expect(choose('wasm').capabilities).toMatchObject({
      variant: 'typescript',
      reason: 'RUVECTOR_SIMD=wasm',
    });
  });

  it('refuses what does not run here', () => {
    for (const name of ['neon64', 'Haswell', ' ', 'constructor']) {
      expect(() => choose(name)).toThrow(expect.objectContaining({ code: 'ERR_QUANT_VARIANT' }));
    }
  });
});

/** The functions of a variant, as what they are called with cannot be typed. */
function functionsOf(name: string): Array<[string, (...args: unknown[]) => unknown]> {
  const { native } = choose(name);
  const families = native as NativeKernels;
  return (['rotation', 'rabitq'] as const).flatMap((family) =>
    Object.entries(families[family]).map(([each, call]): [string, (...args: unknown[]) => unknown] => [
      `${family}.${each}`,
      call as (...args: unknown[]) => unknown,
    ]),
  );
}

describe('the addon', () => {
  it('is of this version', () => {
    expect(loadAddon()).toHaveProperty('addon.abi', 2);
  });

  it('refuses whatever does not fit, and touches nothing beyond', () => {
    const random = new Random(5);
    const n = 64;
    const pool: unknown[] = [
      ...[undefined, null, Number.NaN, -1, 0, 1, 2, 8, 64, 65_536, 2 ** 53, 0.5, 'x', {}, []],
      ...[0, 1, 3, 11, 16, 32, 63, 64, 256, 300].flatMap((size) => [
        new Float32Array(size),
        new Uint8Array(size),
        new Float64Array(size),
        new Int8Array(size),
      ]),
      new Float32Array(new SharedArrayBuffer(64)),
      new Uint8Array(new SharedArrayBuffer(3)),
      new DataView(new ArrayBuffer(64)),
    ];
    for (const [name, call] of functionsOf('')) {
      let refused = 0;
      for (let i = 0; i < 4000; i++) {
        const args = Array.from({ length: random.below(13) }, () => pool[random.below(pool.length)]);
        // The first are often right, so that the later ones are looked at as well.
        if (random.below(2) === 0) args.splice(0, 3, n, 1 + random.below(8), random.below(2));
        try {
          call(...args);
        } catch (error) {
          expect(error, name).toMatchObject({ code: 'ERR_QUANT_ADDON' });
          refused++;
        }
      }
      expect(refused, name).toBeGreaterThan(3000);
    }
  });

  it('knows the sizes of a query as TypeScript does', () => {
    const { rabitq } = choose('').native as NativeKernels;
    const query = new Float64Array(queryNumbers.count);
    const aim = new Float64Array(aimNumbers.count);
    const [planes, tables] = [new Int8Array(256), new Uint8Array(256)];
    rabitq.prepare(64, 1, 0, new Float32Array(64).fill(1), planes, tables, query);
    rabitq.aim(64, 1, 0, query, 1, 64, 0, 8, 0, 1.9, aim);
    expect(query[queryNumbers.norm]).toBe(8);
    expect(() => rabitq.aim(64, 1, 0, query, 1, 64, 0, 8, 0, 1.9, aim.subarray(1))).toThrow();
    expect(() => rabitq.prepare(64, 1, 0, new Float32Array(64), planes, tables, query.subarray(1))).toThrow();
  });

  it('refuses to start what is no function of it', () => {
    const native = choose('').native as NativeKernels;
    const control = new Int32Array(new SharedArrayBuffer(12));
    const start = native.start as (...args: unknown[]) => void;
    for (const args of [
      ['rabitq', 'nothing', [], control, () => {}],
      ['nothing', 'encode', [], control, () => {}],
      ['rabitq', 'encode', {}, control, () => {}],
      ['rabitq', 'encode', [], control, 3],
      ['rabitq', 'encode', [], new Int32Array(2), () => {}],
      ['rabitq', 'encode', [], control, () => {}],
      ['x'.repeat(100), 'encode', [], control, () => {}],
    ]) {
      expect(() => start(...args)).toThrow(expect.objectContaining({ code: 'ERR_QUANT_ADDON' }));
    }
  });
});

const work = `
const { RabitqCodec, capabilities } = require('@ruvector/quant');
const codec = RabitqCodec.create({ dimensions: 32, bits: 2 });
const vectors = new Float32Array(32 * 5000).fill(0.5);
`;

describe('worker threads', () => {
  it('have an addon each, and encode as the main thread does', async () => {
    const script = `${work}
require('node:worker_threads').parentPort.postMessage([capabilities().variant, codec.encode(vectors)]);`;
    const results = await Promise.all(
      [0, 1, 2].map(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker(script, { eval: true, env: process.env });
            worker.on('message', resolve);
            worker.on('error', reject);
          }),
      ),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('may be ended while they encode', () => {
    const script = `
const { Worker } = require('node:worker_threads');
const one = () => new Promise((resolve) => {
  const worker = new Worker(${JSON.stringify(
    `${work}
for (let i = 0; i < 4; i++) codec.encodeAsync(vectors);
require('node:worker_threads').parentPort.postMessage('begun');
setInterval(() => {}, 1000);`,
  )}, { eval: true });
  worker.on('message', () => resolve(worker.terminate()));
});
(async () => { for (let i = 0; i < 5; i++) await one(); console.log('alive'); })();`;
    const said = execFileSync(process.execPath, ['-e', script], { cwd: packageDir, encoding: 'utf8' });
    expect(said.trim()).toBe('alive');
  });
});
