/**
 * The records that describe a PostgreSQL extension.
 *
 * A catalog is plain data: the emitter turns it into the install script, the control file, META.json, the
 * linker's version script and the SQL reference, and the tests hold it against the library and against
 * pgvector's own catalog. Types are written as SQL spells them in the install script (`real[]`, `integer`).
 *
 * Every record that PostgreSQL can comment on carries its comment, except where pgvector has none: the contract
 * is equality with pgvector's catalog, `obj_description` included.
 */

/** `CREATE FUNCTION … LANGUAGE C`. */
export interface FunctionRecord {
  readonly kind: 'function';
  readonly name: string;
  readonly args: readonly string[];
  readonly returns: string;
  /** C symbol in the library. */
  readonly symbol: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly strict: boolean;
  readonly parallel: 'safe' | 'restricted' | 'unsafe';
  readonly comment: string;
  /** Part of the documented surface, or a helper that only the catalog sees. */
  readonly visibility: 'public' | 'private';
}

/** `CREATE TYPE … (INPUT = …)`; its I/O functions stand in `io` because the script must create them between the shell type and the type. */
export interface TypeRecord {
  readonly kind: 'type';
  readonly name: string;
  readonly input: FunctionRecord;
  readonly output: FunctionRecord;
  readonly typmodIn: FunctionRecord;
  readonly receive: FunctionRecord;
  readonly send: FunctionRecord;
  readonly storage: 'plain' | 'external' | 'extended' | 'main';
  readonly comment: string;
}

export interface AggregateRecord {
  readonly kind: 'aggregate';
  readonly name: string;
  readonly arg: string;
  readonly sfunc: string;
  readonly stype: string;
  readonly finalfunc?: string;
  readonly combinefunc: string;
  readonly initcond?: string;
  readonly parallel: 'safe' | 'restricted' | 'unsafe';
  readonly comment: string;
}

export interface CastRecord {
  readonly kind: 'cast';
  readonly source: string;
  readonly target: string;
  readonly function: FunctionRecord;
  readonly context: 'implicit' | 'assignment' | 'explicit';
}

export interface OperatorRecord {
  readonly kind: 'operator';
  readonly name: string;
  readonly left: string;
  readonly right: string;
  readonly function: FunctionRecord;
  readonly commutator?: string;
  readonly negator?: string;
  /** Selectivity estimators for restriction clauses and joins. */
  readonly restrict?: string;
  readonly join?: string;
  readonly comment?: string;
}

/** `CREATE ACCESS METHOD … TYPE INDEX`. */
export interface AccessMethodRecord {
  readonly kind: 'access method';
  readonly name: string;
  readonly handler: FunctionRecord;
  /** What an index may say in `WITH (…)`. The library defines them; the catalog only documents them. */
  readonly options: readonly ParameterRecord[];
  readonly comment: string;
}

/**
 * A setting (`hnsw.ef_search`) or an option of an index (`m`). The library defines it when it is loaded, so nothing is
 * emitted for it but its row in the reference; a test holds the settings against `pg_settings`.
 */
export type ParameterRecord = {
  readonly name: string;
  /** The descriptions as `pg_settings` shows them: `short_desc`, and `extra_desc` where there is one. */
  readonly description: string;
  readonly extra?: string;
} & (
  | {
      readonly type: 'integer' | 'real';
      readonly default: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly type: 'enum'; readonly default: string; readonly values: readonly string[] }
);

export interface OperatorClassRecord {
  readonly kind: 'operator class';
  readonly name: string;
  readonly type: string;
  readonly accessMethod: string;
  readonly isDefault: boolean;
  readonly operators: readonly {
    readonly strategy: number;
    readonly name: string;
    readonly orderBy?: string;
  }[];
  readonly functions: readonly { readonly support: number; readonly function: FunctionRecord }[];
}

export type CatalogRecord =
  | FunctionRecord
  | TypeRecord
  | AggregateRecord
  | CastRecord
  | OperatorRecord
  | AccessMethodRecord
  | OperatorClassRecord;

/** A titled part of the install script; its order in the catalog is the order of creation. */
export interface CatalogSection {
  readonly title: string;
  readonly records: readonly CatalogRecord[];
}

export interface ExtensionCatalog {
  readonly name: string;
  /** One line for the control file and META.json. */
  readonly comment: string;
  readonly description: string;
  /** The version that `CREATE EXTENSION` installs. */
  readonly defaultVersion: string;
  readonly relocatable: boolean;
  readonly requires: readonly string[];
  /** Lowest supported server, as META.json wants it. */
  readonly minimumPostgres: string;
  readonly tags: readonly string[];
  readonly sections: readonly CatalogSection[];
  /** Settings that any user may change in a session. Their prefixes are reserved: other names under them are errors. */
  readonly settings: readonly ParameterRecord[];
  /**
   * Symbols that PostgreSQL looks up in the library by a name that no SQL function has, and so without a `pg_finfo_`
   * record: the main function of a parallel worker, say, which reaches the worker as a library's and a function's name.
   */
  readonly entryPoints: readonly string[];
}

type FunctionOptions = Partial<
  Pick<FunctionRecord, 'symbol' | 'volatility' | 'strict' | 'parallel' | 'visibility'>
>;

/**
 * A C function: IMMUTABLE STRICT PARALLEL SAFE, public, its symbol its name, unless `options` says otherwise.
 *
 * @example fn('l2_distance', ['vector', 'vector'], 'float8', 'Euclidean distance')
 */
export function fn(
  name: string,
  args: readonly string[],
  returns: string,
  comment: string,
  options: FunctionOptions = {},
): FunctionRecord {
  return {
    kind: 'function',
    name,
    args,
    returns,
    symbol: name,
    volatility: 'immutable',
    strict: true,
    parallel: 'safe',
    visibility: 'public',
    comment,
    ...options,
  };
}

/** Every function record of a catalog, I/O functions of its types included, in order of creation. */
export function functionsOf(catalog: ExtensionCatalog): FunctionRecord[] {
  const found: FunctionRecord[] = [];
  for (const section of catalog.sections) {
    for (const record of section.records) {
      if (record.kind === 'function') found.push(record);
      if (record.kind === 'type') {
        found.push(record.input, record.output, record.typmodIn, record.receive, record.send);
      }
    }
  }
  return found;
}

/** The C functions behind a catalog's SQL functions, sorted, each once. */
export function symbolsOf(catalog: ExtensionCatalog): string[] {
  return [...new Set(functionsOf(catalog).map((f) => f.symbol))].sort();
}

/**
 * Every symbol that PostgreSQL looks up in the library, and so all that it may export: the magic block and the
 * initializer, each C function with its `pg_finfo_` record, and the entry points.
 */
export function exportsOf(catalog: ExtensionCatalog): string[] {
  return [
    'Pg_magic_func',
    '_PG_init',
    ...symbolsOf(catalog).flatMap((symbol) => [symbol, `pg_finfo_${symbol}`]),
    ...catalog.entryPoints,
  ];
}
