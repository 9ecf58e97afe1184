/**
 * Bundles the live page into `dist/page`: one script, one style sheet, one document, nothing from outside.
 *
 *     node page/build.mjs [directory]
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = import.meta.dirname;

/** @param {string} directory where to */
export async function buildPage(directory) {
  mkdirSync(directory, { recursive: true });
  await build({
    entryPoints: { page: join(here, 'main.ts') },
    outdir: directory,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome110', 'firefox110', 'safari16'],
    legalComments: 'inline',
    logLevel: 'warning',
  });
  await build({
    entryPoints: { page: join(here, 'page.css') },
    outdir: directory,
    bundle: true,
    minify: true,
    logLevel: 'warning',
  });
  copyFileSync(join(here, 'index.html'), join(directory, 'index.html'));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildPage(resolve(process.argv[2] ?? join(here, '..', 'dist', 'page')));
