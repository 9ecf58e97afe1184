export type {
  AggregateRecord,
  CastRecord,
  CatalogRecord,
  CatalogSection,
  ExtensionCatalog,
  FunctionRecord,
  OperatorClassRecord,
  OperatorRecord,
  TypeRecord,
} from '../catalog/index.js';
export { extensions, functionsOf, symbolsOf, vectorExtension } from '../catalog/index.js';
export { emittedFiles } from '../emit/files.js';
