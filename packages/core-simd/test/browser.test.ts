/** Chromium scores as the oracle does: the WebAssembly kernels, and the browsers' door with both of its backends. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium, noChromium } from './support/chromium.js';
import { checkAll, type scoreAll } from './support/door.js';
import { randomElements, randomWords } from './support/elements.js';
import { bundle, inPage } from './support/page.js';
import { check, combinations, expected, operands, rounded } from './support/scores.js';
import { noWasm, wasmBytes } from './support/wasm.js';

const missing = chromiumPath() === undefined ? noChromium : noWasm();
const lengths = [...Array(70).keys(), 100, 257, 1536];

/** Both sides make the same arguments. */
const kernelScript = `
import { loadWasm } from '../../src/backend/wasm-browser.ts';
import { checkAll, scoreAll } from './support/door.js';
import { randomElements, randomWords } from './elements.ts';
const loaded = loadWasm();
if ('reason' in loaded) globalThis.__answer = loaded.reason;
else globalThis.__answer = ${JSON.stringify(combinations.map(([type, metric]) => [type, metric, ...operands(type)]))}
  .map(([type, metric, typeOfA, typeOfB], seed) => {
    const next = randomWords(seed);
    return ${JSON.stringify(lengths)}.map((n) => {
      const a = randomElements(typeOfA, n, next);
      const rows = randomElements(typeOfB, 3 * n, next);
      const out = new Float32Array(3);
      const pair = loaded.kernels.pair(type, metric)(a, rows.subarray(0, n), n);
      for (const _ of loaded.kernels.many(type, metric, a, rows, n, out));
      return [pair, ...out];
    });
  });`;

describe.skipIf(missing !== undefined)(`in Chromium${missing ? ` (${missing})` : ''}`, () => {
  let browser: Browser;

  beforeAll(async () => {
    await wasmBytes();
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('the WebAssembly kernels score every type and metric, on a main thread', async () => {
    const answer = await inPage<number[][][]>(browser, await bundle(kernelScript));
    expect(answer).toHaveLength(combinations.length);
    for (const [i, [type, metric]] of combinations.entries()) {
      const [typeOfA, typeOfB] = operands(type);
      const next = randomWords(i);
      for (const [j, n] of lengths.entries()) {
        const a = randomElements(typeOfA, n, next);
        const rows = randomElements(typeOfB, 3 * n, next);
        const [pair, ...many] = answer[i][j];
        check(`${type} ${metric} ${n}`, pair, expected(type, metric, a, rows.slice(0, n)));
        for (const [row, score] of many.entries()) {
          const want = expected(type, metric, a, rows.slice(row * n, row * n + n));
          check(`${type} ${metric} ${n} row ${row}`, score, rounded(want));
        }
      }
    }
  });

  it('says why there is no WebAssembly', async () => {
    const script = await bundle(kernelScript);
    const none = { before: 'delete globalThis.WebAssembly' };
    expect(await inPage(browser, script, none)).toBe('no WebAssembly: this engine has no WebAssembly');
    const old = { before: 'WebAssembly.validate = () => false' };
    expect(await inPage(browser, script, old)).toBe('no WebAssembly: this engine has no WebAssembly SIMD');
    const strict = {
      html: `<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">`,
    };
    expect(await inPage(browser, script, strict)).toMatch(
      /Content-Security-Policy must allow 'wasm-unsafe-eval'$/,
    );
    const lax = {
      html: `<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline' 'wasm-unsafe-eval'">`,
    };
    expect(await inPage(browser, script, lax)).toHaveLength(combinations.length);
  });

  /** Everything that the door exports, in a page; `imports` stands in front of it. */
  const door = `
    import * as simd from '../../src/browser.ts';
    import { scoreAll } from './door.ts';
    const { reason, ...capabilities } = simd.capabilities();
    globalThis.__answer = scoreAll(simd).then((scores) => ({ scores, reason, capabilities }));`;
  type Answer = {
    scores: Awaited<ReturnType<typeof scoreAll>>;
    reason: string;
    capabilities: { backend: string; variant: string; available: string[] };
  };

  it.each([
    ['WebAssembly', '', 'wasm', ['wasm', 'typescript'], /browsers have none$/],
    [
      'TypeScript',
      `globalThis.RUVECTOR_SIMD = 'typescript'`,
      'typescript',
      ['wasm', 'typescript'],
      /typescript$/,
    ],
    [
      'TypeScript where there is nothing else',
      'delete globalThis.WebAssembly',
      'typescript',
      ['typescript'],
      /no WebAssembly/,
    ],
  ])('the door scores every type, metric and shape in %s', async (_, before, backend, available, why) => {
    const answer = await inPage<Answer>(browser, await bundle(door), { before });
    expect(answer.capabilities).toMatchObject({ backend, variant: backend, available });
    expect(answer.reason).toMatch(why);
    checkAll(answer.scores);
  });
});
