import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { buildAddon, loadVariant } from './support/backend.js';
import { installPackage } from './support/package.js';

buildAddon();
const { available } = (await loadVariant('')).capabilities();
const here = installPackage();
afterAll(() => here.remove());

/** Scores pairs whose results all differ, and counts what is wrong. */
const body = `
const { parentPort, workerData } = await import('node:worker_threads');
const simd = await import(workerData.door);
const n = 100;
const one = new Float32Array(n).fill(1);
let wrong = 0;
for (let i = 1; i <= workerData.calls; i++) {
  const value = workerData.id * 1000 + (i % 1000);
  const a = new Float32Array(n).fill(value);
  if (simd.dot(a, one) !== value * n) wrong++;
  if (simd.norm(a) !== value * 10) wrong++;
}
parentPort.postMessage({ wrong, variant: simd.capabilities().variant });
`;

function start(id: number, calls: number, variant: string): Worker {
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(body)}`), {
    workerData: { door: here.door, id, calls },
    env: { ...process.env, RUVECTOR_SIMD: variant },
  });
}

describe('worker threads', () => {
  it('compute side by side, each with its own variant and its own results', async () => {
    const wishes = [...available, '', ''];
    const workers = wishes.map((variant, i) => start(i + 1, 30_000, variant));
    const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
    expect(answers).toEqual(wishes.map((variant) => ({ wrong: 0, variant: variant || available[0] })));
  });

  it('come and go', async () => {
    for (let i = 0; i < 10; i++) {
      const worker = start(i, 100, '');
      const [[answer], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      expect(answer.wrong).toBe(0);
      expect(code).toBe(0);
    }
  });

  it('may be stopped while they compute', async () => {
    for (let i = 0; i < 4; i++) {
      const worker = start(i, 1e9, '');
      await once(worker, 'online');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await worker.terminate();
    }
    const [answer] = await once(start(1, 100, ''), 'message');
    expect(answer.wrong).toBe(0);
  });
});
