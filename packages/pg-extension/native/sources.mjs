/**
 * The objects of an extension's library, from the sources.json of this package, of core-simd and of hnsw (headers):
 * `sourcesMk('vector', '0.8.7')` is the text of sources.mk.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const nativeDir = dirname(fileURLToPath(import.meta.url));
const simdDir = join(nativeDir, '..', '..', 'core-simd', 'native');
const hnswDir = join(nativeDir, '..', '..', 'hnsw', 'native');

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** @param {string} word */
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * @param {string} extension
 * @param {string} version
 * @returns {string}
 */
export function sourcesMk(extension, version) {
  const own = readJson(join(nativeDir, 'sources.json')).libraries[extension];
  if (own === undefined) throw new Error(`sources.json has no library "${extension}"`);
  const simd = readJson(join(simdDir, 'sources.json'));
  const hnsw = readJson(join(hnswDir, 'sources.json'));

  const include = [
    ...own.includeDirs.map((/** @type {string} */ dir) => join(nativeDir, dir)),
    ...simd.includeDirs.map((/** @type {string} */ dir) => join(simdDir, dir)),
    ...hnsw.includeDirs.map((/** @type {string} */ dir) => join(hnswDir, dir)),
  ].map((dir) => `-I${quote(dir)}`);

  const objects = [];
  const rules = [];
  for (const { path, flags } of own.sources) {
    const object = `${path.replaceAll('/', '_').replace(/\.c(pp)?$/, '')}.o`;
    const compile = path.endsWith('.cpp')
      ? `$(CXX) $(RV_CXXFLAGS) ${simd.cxxflags.join(' ')}`
      : '$(CC) $(RV_CFLAGS)';
    objects.push(object);
    rules.push(
      `${object}: ${join(nativeDir, path)}\n\t${compile} ${flags.join(' ')} ` +
        `-DRV_EXTENSION_VERSION='"${version}"' ${include.join(' ')} $(RV_CPPFLAGS) -MMD -MP -c -o $@ $<`,
    );
  }
  const simdInclude = simd.includeDirs.map((/** @type {string} */ dir) => `-I${quote(join(simdDir, dir))}`);
  for (const { path, flags } of simd.sources) {
    const object = `core_simd_${path.replaceAll('/', '_').replace(/\.cpp$/, '')}.o`;
    objects.push(object);
    rules.push(
      `${object}: ${join(simdDir, path)}\n\t$(CXX) ${['-Wall', '-Wextra', '-g', ...simd.cxxflags, ...flags].join(' ')} ` +
        `${simdInclude.join(' ')} -MMD -MP -c -o $@ $<`,
    );
  }
  return [
    '# Made by sources.mjs; do not edit.',
    `RV_OBJECTS = ${objects.join(' ')}`,
    'all:',
    ...rules,
    `-include ${objects.map((object) => object.replace(/\.o$/, '.d')).join(' ')}`,
    '',
  ].join('\n');
}
