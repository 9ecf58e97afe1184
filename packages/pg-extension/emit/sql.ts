/**
 * Catalog records to the statements of an install script.
 *
 * The catalog is our own source, not user input; still, every comment passes through `literal` and every
 * operator reference is written the way PostgreSQL's grammar wants it, so that a record with a quote in it
 * yields a script that parses.
 */
import type {
  AccessMethodRecord,
  AggregateRecord,
  CastRecord,
  CatalogRecord,
  ExtensionCatalog,
  FunctionRecord,
  OperatorClassRecord,
  OperatorRecord,
  TypeRecord,
} from '../catalog/model.js';

/** A standard-conforming SQL string literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const argList = (args: readonly string[]): string => `(${args.join(', ')})`;

const comment = (object: string, text: string): string => `COMMENT ON ${object} IS ${literal(text)};`;

function functionSql(f: FunctionRecord): string {
  const attributes = [
    f.volatility === 'volatile' ? '' : f.volatility.toUpperCase(),
    f.strict ? 'STRICT' : '',
    f.parallel === 'unsafe' ? '' : `PARALLEL ${f.parallel.toUpperCase()}`,
  ].filter((word) => word !== '');
  const symbol = f.symbol === f.name ? '' : `, ${literal(f.symbol)}`;
  return [
    `CREATE FUNCTION ${f.name}${argList(f.args)} RETURNS ${f.returns}`,
    `\tAS 'MODULE_PATHNAME'${symbol} LANGUAGE C${attributes.length > 0 ? ` ${attributes.join(' ')}` : ''};`,
    '',
    comment(`FUNCTION ${f.name}${argList(f.args)}`, f.comment),
  ].join('\n');
}

function typeSql(t: TypeRecord): string {
  return [
    `CREATE TYPE ${t.name};`,
    ...[t.input, t.output, t.typmodIn, t.receive, t.send].map(functionSql),
    [
      `CREATE TYPE ${t.name} (`,
      `\tINPUT     = ${t.input.name},`,
      `\tOUTPUT    = ${t.output.name},`,
      `\tTYPMOD_IN = ${t.typmodIn.name},`,
      `\tRECEIVE   = ${t.receive.name},`,
      `\tSEND      = ${t.send.name},`,
      `\tSTORAGE   = ${t.storage}`,
      ');',
    ].join('\n'),
    comment(`TYPE ${t.name}`, t.comment),
  ].join('\n\n');
}

function aggregateSql(a: AggregateRecord): string {
  const parts = [
    `\tSFUNC = ${a.sfunc}`,
    `\tSTYPE = ${a.stype}`,
    ...(a.finalfunc === undefined ? [] : [`\tFINALFUNC = ${a.finalfunc}`]),
    `\tCOMBINEFUNC = ${a.combinefunc}`,
    ...(a.initcond === undefined ? [] : [`\tINITCOND = ${literal(a.initcond)}`]),
    `\tPARALLEL = ${a.parallel.toUpperCase()}`,
  ];
  return `CREATE AGGREGATE ${a.name}(${a.arg}) (\n${parts.join(',\n')}\n);\n\n${comment(
    `AGGREGATE ${a.name}(${a.arg})`,
    a.comment,
  )}`;
}

function castSql(c: CastRecord): string {
  const as = c.context === 'explicit' ? '' : ` AS ${c.context.toUpperCase()}`;
  return `CREATE CAST (${c.source} AS ${c.target})\n\tWITH FUNCTION ${c.function.name}${argList(c.function.args)}${as};`;
}

function operatorSql(o: OperatorRecord): string {
  const parts = [
    `LEFTARG = ${o.left}, RIGHTARG = ${o.right}, PROCEDURE = ${o.function.name}`,
    ...(o.commutator === undefined ? [] : [`COMMUTATOR = OPERATOR(${o.commutator})`]),
    ...(o.negator === undefined ? [] : [`NEGATOR = OPERATOR(${o.negator})`]),
    ...(o.restrict === undefined ? [] : [`RESTRICT = ${o.restrict}`]),
    ...(o.join === undefined ? [] : [`JOIN = ${o.join}`]),
  ];
  const create = `CREATE OPERATOR ${o.name} (\n\t${parts.join(',\n\t')}\n);`;
  if (o.comment === undefined) return create;
  return `${create}\n\n${comment(`OPERATOR ${o.name} (${o.left}, ${o.right})`, o.comment)}`;
}

function accessMethodSql(a: AccessMethodRecord): string {
  return `CREATE ACCESS METHOD ${a.name} TYPE INDEX HANDLER ${a.handler.name};\n\n${comment(
    `ACCESS METHOD ${a.name}`,
    a.comment,
  )}`;
}

function operatorClassSql(c: OperatorClassRecord): string {
  const members = [
    ...c.operators.map(
      (o) =>
        `\tOPERATOR ${o.strategy} ${o.name}${o.orderBy === undefined ? '' : ` FOR ORDER BY ${o.orderBy}`}`,
    ),
    ...c.functions.map((f) => `\tFUNCTION ${f.support} ${f.function.name}${argList(f.function.args)}`),
  ];
  return `CREATE OPERATOR CLASS ${c.name}\n\t${c.isDefault ? 'DEFAULT ' : ''}FOR TYPE ${c.type} USING ${c.accessMethod} AS\n${members.join(' ,\n')};`;
}

function recordSql(record: CatalogRecord): string {
  switch (record.kind) {
    case 'function':
      return functionSql(record);
    case 'type':
      return typeSql(record);
    case 'aggregate':
      return aggregateSql(record);
    case 'cast':
      return castSql(record);
    case 'operator':
      return operatorSql(record);
    case 'access method':
      return accessMethodSql(record);
    case 'operator class':
      return operatorClassSql(record);
  }
}

/**
 * The install script `<name>--<version>.sql`.
 *
 * The first line makes psql stop when somebody feeds it the script by hand; CREATE EXTENSION skips it
 * (PostgreSQL documentation, "Extension Files").
 */
export function installScript(catalog: ExtensionCatalog): string {
  const guard = [
    '-- complain if script is sourced in psql, rather than via CREATE EXTENSION',
    `\\echo Use "CREATE EXTENSION ${catalog.name}" to load this file. \\quit`,
  ].join('\n');
  const sections = catalog.sections.flatMap((section) => [
    `-- ${section.title}`,
    ...section.records.map(recordSql),
  ]);
  return `${[guard, ...sections].join('\n\n')}\n`;
}
