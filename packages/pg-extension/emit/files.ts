import type { ExtensionCatalog } from '../catalog/model.js';
import { controlFile } from './control.js';
import { metaJson } from './meta.js';
import { referencePage } from './reference.js';
import { installScript } from './sql.js';
import { versionScript } from './version-script.js';

/**
 * Every file that a catalog yields: path relative to `emitted/`, and text. Pure, so that a test can compare the
 * committed files with it and fail on any difference.
 */
export function emittedFiles(catalog: ExtensionCatalog): ReadonlyMap<string, string> {
  const { name, defaultVersion } = catalog;
  return new Map([
    [`${name}/${name}--${defaultVersion}.sql`, installScript(catalog)],
    [`${name}/${name}.control`, controlFile(catalog)],
    [`${name}/${name}.map`, versionScript(catalog)],
    [`${name}/META.json`, metaJson(catalog)],
    [`${name}/reference.md`, referencePage(catalog)],
  ]);
}
