import type { ExtensionCatalog } from '../catalog/model.js';
import { literal } from './sql.js';

/**
 * The control file. `module_pathname` keeps pgvector's `$libdir/` form: it ends up in `pg_proc.probin`, and a
 * cluster whose catalog says `$libdir/vector` must find the same name after the library is swapped.
 */
export function controlFile(catalog: ExtensionCatalog): string {
  const lines = [
    `comment = ${literal(catalog.comment)}`,
    `default_version = ${literal(catalog.defaultVersion)}`,
    `module_pathname = ${literal(`$libdir/${catalog.name}`)}`,
    `relocatable = ${catalog.relocatable}`,
    ...(catalog.requires.length > 0 ? [`requires = ${literal(catalog.requires.join(', '))}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
