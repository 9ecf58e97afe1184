import { type ExtensionCatalog, exportsOf } from '../catalog/model.js';

/**
 * The linker's version script: exactly the symbols that PostgreSQL looks up, everything else local.
 *
 * PostgreSQL opens libraries with RTLD_GLOBAL. A helper of ours that stayed global would resolve to another
 * library's function of the same name, or that library's to ours: pgvector exports hundreds.
 */
export function versionScript(catalog: ExtensionCatalog): string {
  const global = exportsOf(catalog).map((symbol) => `\t\t${symbol};`);
  return `{\n\tglobal:\n${global.join('\n')}\n\tlocal:\n\t\t*;\n};\n`;
}
