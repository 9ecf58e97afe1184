/** The package in a browser: bundled with the conditions that bundlers give browsers, run in headless Chromium. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';

/**
 * One script from a module's text, whose imports are relative to a folder. An import of a Node module fails the build,
 * since nothing is said to be external.
 */
export async function bundle(
  text: string,
  resolveDir = fileURLToPath(new URL('.', import.meta.url)),
): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    conditions: ['browser', 'import'],
    target: 'es2022',
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/**
 * Runs a bundled script in a new page; what it leaves in `globalThis.__answer`, which is plain data or a promise of it.
 *
 * @param options.html the page's document
 * @param options.before a script that runs in front of it
 */
export async function inPage<T>(
  browser: Browser,
  script: string,
  { html = '', before = '' }: { html?: string; before?: string } = {},
): Promise<T> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  try {
    if (html !== '') await page.setContent(html);
    if (before !== '') await page.addScriptTag({ content: before });
    await page.addScriptTag({ content: script });
    const answer = await page.evaluate<T>('globalThis.__answer');
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return answer;
  } finally {
    await page.close();
  }
}
