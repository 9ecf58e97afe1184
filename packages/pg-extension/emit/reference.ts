import type {
  AccessMethodRecord,
  AggregateRecord,
  CastRecord,
  ExtensionCatalog,
  FunctionRecord,
  OperatorClassRecord,
  OperatorRecord,
  ParameterRecord,
  TypeRecord,
} from '../catalog/model.js';
import { functionsOf } from '../catalog/model.js';

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const functionRow = (f: FunctionRecord): string[] => [
  code(`${f.name}(${f.args.join(', ')})`),
  code(f.returns),
  f.comment,
];

const parameterTable = (name: string, parameters: readonly ParameterRecord[]): string =>
  table(
    [name, 'default', 'values', 'description'],
    parameters.map((p) => [
      code(p.name),
      code(String(p.default)),
      p.type === 'enum' ? p.values.map(code).join(', ') : `${p.min} to ${p.max}`,
      p.extra === undefined ? p.description : `${p.description}. ${p.extra}`,
    ]),
  );

/** The SQL reference page of an extension, in Markdown: every object that the install script creates. */
export function referencePage(catalog: ExtensionCatalog): string {
  const records = catalog.sections.flatMap((section) => section.records);
  const functions = functionsOf(catalog);
  const of = <T extends { kind: string }>(kind: T['kind']): T[] =>
    records.filter((r) => r.kind === kind) as unknown as T[];
  const operators = of<OperatorRecord>('operator').map((o) => [
    code(`${o.left} ${o.name} ${o.right}`),
    code(o.function.returns),
    o.comment ?? o.function.comment,
  ]);
  const aggregates = of<AggregateRecord>('aggregate').map((a) => [code(`${a.name}(${a.arg})`), a.comment]);
  const casts = of<CastRecord>('cast').map((c) => [code(c.source), code(c.target), c.context]);
  const types = of<TypeRecord>('type').map((t) => [code(t.name), t.comment]);
  const methods = of<AccessMethodRecord>('access method');
  const classes = of<OperatorClassRecord>('operator class').map((c) => [
    code(c.name),
    code(c.accessMethod),
    code(c.type),
    c.isDefault ? 'yes' : 'no',
  ]);
  const indexes = methods.flatMap((m) => [
    `### Options of ${code(m.name)}`,
    `\`CREATE INDEX … USING ${m.name} (…) WITH (option = value)\``,
    parameterTable('option', m.options),
  ]);
  return `${[
    `# Extension \`${catalog.name}\` ${catalog.defaultVersion}: SQL reference`,
    'Emitted from the catalog by `npm run emit`; do not edit.',
    '## Types',
    table(['type', 'description'], types),
    '## Functions',
    table(
      ['function', 'returns', 'description'],
      functions.filter((f) => f.visibility === 'public').map(functionRow),
    ),
    '## Operators',
    table(['operator', 'returns', 'description'], operators),
    '## Aggregates',
    table(['aggregate', 'description'], aggregates),
    '## Casts',
    table(['from', 'to', 'context'], casts),
    '## Access methods',
    table(
      ['access method', 'description'],
      methods.map((m) => [code(m.name), m.comment]),
    ),
    ...indexes,
    '## Operator classes',
    table(['class', 'access method', 'type', 'default'], classes),
    '## Settings',
    'Known once the library is loaded, which the first use of one of its functions or indexes in a session does. Any user may set them.',
    parameterTable('setting', catalog.settings),
    '## Internal functions',
    'Behind the operators, casts, aggregates, access methods and I/O above; not meant to be called by name.',
    table(
      ['function', 'returns', 'description'],
      functions.filter((f) => f.visibility === 'private').map(functionRow),
    ),
  ].join('\n\n')}\n`;
}
