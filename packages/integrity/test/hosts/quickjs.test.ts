/**
 * The core's tests in QuickJS: the WebAssembly file that becomes part of the PostgreSQL library, run by Node. It has no
 * TextEncoder, no timers, no crypto and no console, so a core that needs one of them fails here.
 */
import variant from '@jitl/quickjs-ng-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, type QuickJSSyncVariant } from 'quickjs-emscripten-core';
import { describe, expect, it } from 'vitest';
import { bundle, coreTests } from './bundle.js';
import type { HostReport } from './mini-vitest.js';

/**
 * Whether the engine stopped at an assertion about its own memory. This version of quickjs-ng does so now and then when its
 * cycle collector runs at an unlucky allocation (`js_free_shape0`: about one in ten lengths of one of our scripts, none of
 * them in Bellard's QuickJS): the length of a comment decides.
 */
function engineFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'RuntimeError' &&
    /Assertion failed: .*ref_count/.test(error.message)
  );
}

/** Runs a script, again at another length when the engine itself failed; three faults in a row are a failure. */
async function run(script: string): Promise<HostReport> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await runOnce(' '.repeat(4099 * attempt) + script);
    } catch (error) {
      if (attempt === 2 || !engineFault(error)) throw error;
    }
  }
}

/** Runs a script in a fresh runtime and drains its promises. */
async function runOnce(script: string): Promise<HostReport> {
  const quickjs = await newQuickJSWASMModuleFromVariant(
    // Its types are those of its CommonJS build, where the variant is one level deeper.
    variant as unknown as QuickJSSyncVariant,
  );
  // The whole instance of the module is dropped with its memory. To free the runtime first asserts that the engine itself leaked
  // nothing, which quickjs-ng does not hold after every script.
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(256 * 1024 * 1024);
  runtime.setMaxStackSize(1024 * 1024);
  const context = runtime.newContext();
  context.unwrapResult(context.evalCode(script, 'tests.js')).dispose();
  let settled: string | undefined;
  const done = context.newFunction('done', (text) => {
    settled = context.getString(text);
  });
  context.setProp(context.global, '__done', done);
  context
    .unwrapResult(
      context.evalCode(
        '__report.then(__done, (e) => __done(JSON.stringify({ passed: 0, failures: [{ name: "run", message: String(e) }] })))',
      ),
    )
    .dispose();
  const jobs = runtime.executePendingJobs();
  if (jobs.error) {
    const error = context.dump(jobs.error);
    jobs.error.dispose();
    throw new Error(`a promise job of QuickJS failed: ${JSON.stringify(error)}`);
  }
  if (settled === undefined)
    throw new Error('a test waits for something that QuickJS does not have, a timer say');
  return JSON.parse(settled) as HostReport;
}

/** Half of the time of all files: they run here only with RUVECTOR_SLOW=1, in Node and in Chromium always. */
const heavy = [
  'audit-tamper.test.ts',
  'cut-tracker.test.ts',
  'integrity-failsafe.test.ts',
  'spectral-bounds.test.ts',
  'spectral-lambda2.test.ts',
];
const slow = process.env.RUVECTOR_SLOW === '1';

describe('in QuickJS', () => {
  it('a test that fails is reported', async () => {
    const report = await run(
      'globalThis.__report = Promise.resolve(JSON.stringify({ passed: 0, failures: [{ name: "a", message: "b" }] }));',
    );
    expect(report.failures).toEqual([{ name: 'a', message: 'b' }]);
  });

  it('knows the files that it leaves out', () => {
    expect(coreTests()).toEqual(expect.arrayContaining(heavy));
  });

  for (const file of coreTests()) {
    it.skipIf(heavy.includes(file) && !slow)(`core/${file} passes`, { timeout: 300_000 }, async () => {
      const report = await run(await bundle([file], true));
      expect(report.failures).toEqual([]);
      expect(report.passed).toBeGreaterThan(0);
    });
  }
});
