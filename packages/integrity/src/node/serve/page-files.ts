/** The files of the page, read once: what a request asks for never becomes a path. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntegrityError } from '../../errors.js';

/** A file as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

const files = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
] as const;

/**
 * @param directory default: `dist/page`, where the build puts it
 * @returns files by the path of their URL
 * @throws IntegrityError `ERR_INTEGRITY_STORE` where a file is missing
 */
export function loadPage(
  directory: string | URL = new URL('../../page', import.meta.url),
): ReadonlyMap<string, PageFile> {
  const from = typeof directory === 'string' ? directory : fileURLToPath(directory);
  return new Map(
    files.map(([path, name, type]) => {
      try {
        return [path, { type, bytes: readFileSync(join(from, name)) }];
      } catch (cause) {
        throw new IntegrityError(
          'ERR_INTEGRITY_STORE',
          `the page's ${name} is not in ${from}: run npm run build, or name its place in pageDirectory`,
          { cause, field: 'pageDirectory' },
        );
      }
    }),
  );
}
