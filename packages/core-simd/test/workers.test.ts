import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { installPackage, runScript } from './support/package.js';

const here = installPackage();
const { available } = runScript(here, 'console.log(JSON.stringify(simd.capabilities()))').json as {
  available: string[];
};
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

/** Begins far more work than it will be given time for, and says so. */
const longBody = `
const { parentPort, workerData } = await import('node:worker_threads');
const simd = await import(workerData.door);
const n = 1024;
const rows = new Float32Array(new SharedArrayBuffer(4 * n * workerData.rows)).fill(1);
const work = [];
for (let i = 0; i < workerData.jobs; i++) {
  work.push(simd.float32.matrixAsync('l2sq', rows, rows, n));
  work.push(simd.float32.manyAsync('dot', rows.subarray(0, n), rows));
  work.push(simd.float32.topKAsync('dot', rows.subarray(0, n), rows.slice(), 10));
}
parentPort.postMessage('begun');
await Promise.all(work);
parentPort.postMessage('done');
`;

function startLong(rows: number, jobs: number): Worker {
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(longBody)}`), {
    workerData: { door: here.door, rows, jobs },
    env: { ...process.env, RUVECTOR_SIMD: '' },
  });
}

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

  it('may be stopped while other threads work for them', async () => {
    for (let i = 0; i < 8; i++) {
      const worker = startLong(700, 1 + i);
      expect((await once(worker, 'message'))[0]).toBe('begun');
      await new Promise((resolve) => setTimeout(resolve, 5 * i));
      await worker.terminate();
    }
    // The pool that worked for them works on, for this thread and for others.
    const worker = startLong(20, 2);
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    const [code] = await once(worker, 'exit');
    expect(messages).toEqual(['begun', 'done']);
    expect(code).toBe(0);
  });

  it('leave nothing behind when they are stopped', () => {
    const script = `
const { once } = await import('node:events');
const { Worker } = await import('node:worker_threads');
const url = new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(longBody))});
const rss = [];
for (let i = 0; i < 60; i++) {
  const worker = new Worker(url, { workerData: { door: ${JSON.stringify(here.door)}, rows: 256, jobs: 2 } });
  await once(worker, 'message');
  await worker.terminate();
  if (i % 20 === 19) {
    gc();
    rss.push(process.memoryUsage().rss);
  }
}
console.log(JSON.stringify(rss));`;
    const { json, stderr } = runScript(here, script, {}, ['--expose-gc']);
    if (json === undefined) throw new Error(stderr);
    const rss = json as number[];
    // A worker that kept its rows would keep a megabyte, and forty of them lie between.
    expect(rss[2] - rss[0]).toBeLessThan(20 * 2 ** 20);
  });
});

describe('a process', () => {
  it('may end while its work goes on', () => {
    const work = `
const n = 1024, rows = new Float32Array(n * 700).fill(1);
for (let i = 0; i < 4; i++) simd.float32.matrixAsync('l2sq', rows, rows, n);
console.log('true');`;
    expect(runScript(here, `${work}process.exit(3);`)).toEqual({ status: 3, json: true, stderr: '' });
    const thrown = runScript(here, `${work}throw new Error('mine');`);
    expect(thrown).toMatchObject({ status: 1, json: true });
    expect(thrown.stderr).toContain('Error: mine');
  });

  it('does not end before its work is done', () => {
    const script = `
const rows = new Float32Array(1024 * 300).fill(1);
simd.float32.matrixAsync('l2sq', rows, rows, 1024).then((out) => console.log(out.length));`;
    expect(runScript(here, script)).toEqual({ status: 0, json: 90_000, stderr: '' });
  });
});
