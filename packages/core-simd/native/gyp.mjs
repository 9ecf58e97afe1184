/**
 * What binding.gyp asks for, one word a line:
 *
 *   node gyp.mjs includes|kernels|exact|addon
 *   node gyp.mjs flags|exact-flags <OS as gyp names it>
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { kernels, nativeDir } from './toolchain.mjs';

const plain = kernels.sources.filter(({ flags }) => flags.length === 0);
const exact = kernels.sources.filter(({ flags }) => flags.length > 0);

/** The flags that all units with flags have: binding.gyp has one library for them. */
function exactFlags() {
  const sets = new Set(exact.map(({ flags }) => flags.join(' ')));
  if (sets.size > 1) throw new Error(`binding.gyp has no target for ${[...sets].join(' | ')}`);
  return exact[0]?.flags ?? [];
}

/** clang-cl takes an option of clang's after `/clang:`; code is position independent there, and hidden. */
function spell(flags, os) {
  if (os !== 'win') return flags;
  return flags.filter((flag) => !/^-f(PIC|visibility)/.test(flag)).map((flag) => `/clang:${flag}`);
}

const [what, os] = process.argv.slice(2);
const answers = {
  includes: () => kernels.includeDirs,
  kernels: () => plain.map(({ path }) => path),
  exact: () => exact.map(({ path }) => path),
  addon: () =>
    readdirSync(join(nativeDir, 'addon'))
      .filter((name) => name.endsWith('.c'))
      .sort()
      .map((name) => `addon/${name}`),
  flags: () => spell(kernels.cxxflags, os),
  'exact-flags': () => spell(exactFlags(), os),
};
if (!Object.hasOwn(answers, what)) throw new Error(`usage: node gyp.mjs ${Object.keys(answers).join('|')}`);
process.stdout.write(`${answers[what]().join('\n')}\n`);
