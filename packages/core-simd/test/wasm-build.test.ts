import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nativeDir, run } from '../native/toolchain.mjs';
import { noWasm } from './support/wasm.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder with a copy of native/, not yet built. */
function copyPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'core-simd-wasm-'));
  folders.push(folder);
  cpSync(nativeDir, join(folder, 'native'), {
    recursive: true,
    filter: (path) => path !== join(nativeDir, 'build') && path !== join(nativeDir, 'test'),
  });
  return folder;
}

// Optimisation takes most of a compiler's time and is beside the point here.
async function build(folder: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await run([process.execPath, join(folder, 'native/wasm/build.mjs')], {
    cwd: '/',
    env: { ...process.env, WASM_CXXFLAGS: '-O0', ...env },
  });
  expect(stdout).toBe('');
  return { code, steps: stderr.split('\n').filter((line: string) => line !== '') };
}

const link = 'core-simd: link prebuilds/wasm/core_simd.wasm';
const outputs = (folder: string) =>
  ['wasm', 'js'].map((kind) => join(folder, `prebuilds/wasm/core_simd.${kind}`));

/** The part of the WebAssembly namespace in use here. */
const engine = (globalThis as Record<string, unknown>).WebAssembly as {
  Module: (new (
    bytes: Uint8Array,
  ) => object) & {
    imports(module: object): unknown[];
    exports(module: object): Array<{ name: string }>;
  };
};

const missing = noWasm();

describe.skipIf(missing !== undefined)(`native/wasm/build.mjs${missing ? ` (${missing})` : ''}`, () => {
  it('builds what is missing or out of date, says each step, and then nothing', async () => {
    const folder = copyPackage();
    const first = await build(folder);
    expect(first.code).toBe(0);
    expect(first.steps).toContain('core-simd: wasm c++ native/src/dense/wasm.cpp');
    expect(first.steps.filter((step: string) => /serial|haswell|neon/.test(step))).toEqual([]);
    expect(first.steps.at(-1)).toBe(link);
    const [wasm, script] = outputs(folder).map((path) => readFileSync(path));
    const { base64 } = await import(outputs(folder)[1]);
    expect(Buffer.from(base64, 'base64').equals(wasm)).toBe(true);

    // Nothing of a host is needed, so the same bytes run everywhere.
    const module = new engine.Module(wasm);
    expect(engine.Module.imports(module)).toEqual([]);
    expect(engine.Module.exports(module).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['memory', '__heap_base', 'abi', 'pair', 'many', 'matrix', 'topk']),
    );

    expect(await build(folder)).toEqual({ code: 0, steps: [] });
    // Content counts, not time.
    const soon = new Date(Date.now() + 1000);
    utimesSync(join(folder, 'native/wasm/exports.cpp'), soon, soon);
    expect(await build(folder)).toEqual({ code: 0, steps: [] });

    const source = join(folder, 'native/wasm/exports.cpp');
    const text = readFileSync(source, 'utf8');
    writeFileSync(source, `${text}\n`);
    const step = 'core-simd: wasm c++ native/wasm/exports.cpp';
    expect(await build(folder)).toEqual({ code: 0, steps: [step, link] });
    // Objects are kept by what they are made of, so going back costs only a link.
    writeFileSync(source, text);
    expect(await build(folder)).toEqual({ code: 0, steps: [link] });

    // Nor are the files trusted for their names.
    for (const path of outputs(folder)) {
      writeFileSync(path, 'garbage');
      expect(await build(folder)).toEqual({ code: 0, steps: [link] });
    }
    expect(outputs(folder).map((path) => readFileSync(path))).toEqual([wasm, script]);
    expect(readdirSync(join(folder, 'prebuilds/wasm')).sort()).toEqual(['core_simd.js', 'core_simd.wasm']);
  });

  it('fails with what the compiler said, and leaves no module', async () => {
    const folder = copyPackage();
    writeFileSync(join(folder, 'native/wasm/exports.cpp'), 'no C++\n');
    const { code, steps } = await build(folder);
    expect(code).toBe(1);
    expect(steps.join('\n')).toContain("unknown type name 'no'");
    expect(outputs(folder).filter((path) => existsSync(path))).toEqual([]);
  });

  it('fails at the link when a kernel calls what no host gives', async () => {
    const folder = copyPackage();
    const source = join(folder, 'native/wasm/exports.cpp');
    const call = 'extern "C" double sin(double);\nRV_EXPORT(wave) double wave(double x) { return sin(x); }\n';
    writeFileSync(source, readFileSync(source, 'utf8') + call);
    const { code, steps } = await build(folder);
    expect(code).toBe(1);
    expect(steps.join('\n')).toContain('undefined symbol: sin');
    expect(outputs(folder).filter((path) => existsSync(path))).toEqual([]);
  });
});

describe('native/wasm/build.mjs', () => {
  it('fails with the cure when there is no clang or no wasm-ld', async () => {
    const folder = copyPackage();
    for (const wish of [{ WASM_CXX: 'no-such-compiler' }, { WASM_LD: 'no-such-linker', WASM_CXX: 'true' }]) {
      const { code, steps } = await build(folder, wish);
      expect(code).toBe(1);
      expect(steps[0]).toMatch(/^core-simd: WASM_\w+=no-such-\w+: no such program$/);
    }
    const { code, steps } = await build(folder, { PATH: '/nonexistent' });
    expect(code).toBe(1);
    expect(steps[0]).toBe('core-simd: no clang++, which the WebAssembly build needs');
    if (existsSync('/etc/debian_version')) {
      expect(steps[1]).toMatch(/^To cure it, run: (sudo )?apt-get install -y clang lld$/);
    }
  });
});
