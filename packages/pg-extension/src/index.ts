export type {
  AccessMethodRecord,
  AggregateRecord,
  CastRecord,
  CatalogRecord,
  CatalogSection,
  ExtensionCatalog,
  FunctionRecord,
  OperatorClassRecord,
  OperatorRecord,
  ParameterRecord,
  TypeRecord,
} from '../catalog/index.js';
export { exportsOf, extensions, functionsOf, symbolsOf, vectorExtension } from '../catalog/index.js';
export { emittedFiles } from '../emit/files.js';
