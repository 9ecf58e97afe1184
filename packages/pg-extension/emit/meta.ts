import type { ExtensionCatalog } from '../catalog/model.js';

/** META.json for PGXN (PGXN Meta Spec 1.0.0). */
export function metaJson(catalog: ExtensionCatalog): string {
  const meta = {
    name: catalog.name,
    abstract: catalog.comment,
    description: catalog.description,
    version: catalog.defaultVersion,
    maintainer: ['The RuVector authors'],
    license: 'mit',
    prereqs: { runtime: { requires: { PostgreSQL: catalog.minimumPostgres } } },
    provides: {
      [catalog.name]: {
        file: `${catalog.name}--${catalog.defaultVersion}.sql`,
        docfile: 'reference.md',
        version: catalog.defaultVersion,
        abstract: catalog.comment,
      },
    },
    'meta-spec': { version: '1.0.0', url: 'https://pgxn.org/meta/spec.txt' },
    tags: [...catalog.tags],
  };
  return `${JSON.stringify(meta, null, 2)}\n`;
}
