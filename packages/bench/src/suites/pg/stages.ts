import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../../errors.js';
import { findPackage, hashFiles, listFiles } from '../../fingerprint.js';
import type { AbsentPeer, Subject } from '../../suite.js';

/** A tree made by `make install DESTDIR=...` with extension `vector` in it, and what it is called in reports. */
export interface Stage {
  readonly directory: string;
  readonly subject: Subject;
}

/**
 * Reads a staged tree: version from its control file, fingerprint over its libraries, control files and scripts.
 *
 * @throws BenchError `BENCH_NOT_BUILT` when extension `vector` is not in it
 */
export function readStage(
  name: string,
  directory: string,
  details: Readonly<Record<string, string>> = {},
): Stage {
  const root = resolve(directory);
  const files = existsSync(root) ? listFiles(root, (path) => /\.(so|dylib|control|sql)$/.test(path)) : [];
  const control = files.find((path) => basename(path) === 'vector.control');
  const library = files.find((path) => /^vector\.(so|dylib)$/.test(basename(path)));
  if (control === undefined || library === undefined)
    throw new BenchError(
      'BENCH_NOT_BUILT',
      `there is no vector.control and vector library below ${root}; make such a tree with: make install DESTDIR=${root}`,
    );
  const version = /^default_version\s*=\s*'([^']*)'/m.exec(readFileSync(control, 'utf8'))?.[1] ?? 'unknown';
  return { directory: root, subject: { name, version, fingerprint: hashFiles(root, files), details } };
}

/**
 * Our build for a major version of PostgreSQL, or the one that RUVECTOR_STAGE names. With the peer's tree there, both
 * sides run the same code: an A/A run, whose ratios show the method's own error.
 *
 * @throws BenchError `BENCH_NOT_BUILT`
 */
export function ourStage(majorVersion: number, env: Readonly<Record<string, string | undefined>>): Stage {
  const simd = env.RUVECTOR_SIMD;
  const details = simd ? { RUVECTOR_SIMD: simd } : {};
  if (env.RUVECTOR_STAGE) return readStage('ruvector', env.RUVECTOR_STAGE, details);
  const door = fileURLToPath(import.meta.resolve('@ruvector/pg-extension/embedded'));
  const { root } = findPackage(dirname(door), '@ruvector/pg-extension');
  const directory = join(root, 'build', 'stage', `pg${majorVersion}`);
  if (!existsSync(directory))
    throw new BenchError(
      'BENCH_NOT_BUILT',
      `extension vector is not built for PostgreSQL ${majorVersion}; run: npm run build`,
    );
  return readStage('ruvector', directory, details);
}

/** pgvector as PGVECTOR_STAGE gives it. */
export function pgvectorStage(env: Readonly<Record<string, string | undefined>>): Stage | AbsentPeer {
  if (env.PGVECTOR_STAGE) return readStage('pgvector', env.PGVECTOR_STAGE);
  return {
    name: 'pgvector',
    reason: 'PGVECTOR_STAGE is not set',
    cure: 'in a pgvector source tree run: make && make install DESTDIR=/some/dir; then set PGVECTOR_STAGE=/some/dir',
  };
}
