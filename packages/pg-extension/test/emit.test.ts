import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExtensionCatalog,
  exportsOf,
  extensions,
  fn,
  functionsOf,
  symbolsOf,
  vectorExtension,
} from '../catalog/index.js';
import { emittedFiles } from '../emit/files.js';
import { installScript, literal } from '../emit/sql.js';

const emitted = new URL('../emitted/', import.meta.url);

describe('emitted files', () => {
  it.each(extensions.map((catalog) => [catalog.name, catalog] as const))(
    'of %s are what the catalog yields (npm run emit)',
    (name, catalog) => {
      const files = emittedFiles(catalog);
      for (const [path, text] of files) {
        expect(readFileSync(new URL(path, emitted), 'utf8'), path).toBe(text);
      }
      const present = readdirSync(new URL(`${name}/`, emitted)).map((file) => `${name}/${file}`);
      expect(present.sort()).toEqual([...files.keys()].sort());
    },
  );

  it('are the same whenever they are emitted', () => {
    expect([...emittedFiles(vectorExtension)]).toEqual([...emittedFiles(vectorExtension)]);
  });
});

describe('the install script', () => {
  const catalogWith = (records: ExtensionCatalog['sections'][number]['records']): ExtensionCatalog => ({
    ...vectorExtension,
    sections: [{ title: 'test', records }],
  });

  it('creates every record once, and comments on it', () => {
    const script = installScript(vectorExtension);
    for (const f of functionsOf(vectorExtension)) {
      const signature = `FUNCTION ${f.name}(${f.args.join(', ')})`;
      expect(script.split(`CREATE ${signature} RETURNS`)).toHaveLength(2);
      expect(script.split(`COMMENT ON ${signature} IS`)).toHaveLength(2);
    }
  });

  it('creates functions before what uses them', () => {
    const script = installScript(vectorExtension);
    const at = (text: string): number => {
      const index = script.indexOf(text);
      expect(index, text).toBeGreaterThan(0);
      return index;
    };
    expect(at('CREATE FUNCTION vector_accum')).toBeLessThan(at('CREATE AGGREGATE avg'));
    expect(at('CREATE FUNCTION vector_cmp')).toBeLessThan(at('CREATE OPERATOR CLASS vector_ops'));
    expect(at('CREATE OPERATOR < ')).toBeLessThan(at('CREATE OPERATOR CLASS vector_ops'));
    expect(at('CREATE FUNCTION hnswhandler')).toBeLessThan(at('CREATE ACCESS METHOD hnsw'));
    expect(at('CREATE ACCESS METHOD hnsw')).toBeLessThan(at('USING hnsw AS'));
    expect(at('CREATE FUNCTION array_to_vector')).toBeLessThan(at('CREATE CAST (integer[] AS vector)'));
  });

  it('names a symbol that differs from the function', () => {
    const script = installScript(catalogWith([fn('a', ['int'], 'int', 'c', { symbol: 'b', strict: false })]));
    expect(script).toContain("AS 'MODULE_PATHNAME', 'b' LANGUAGE C IMMUTABLE PARALLEL SAFE;");
  });

  it('leaves out what is the default', () => {
    const script = installScript(
      catalogWith([fn('a', [], 'int', 'c', { volatility: 'volatile', strict: false, parallel: 'unsafe' })]),
    );
    expect(script).toContain("AS 'MODULE_PATHNAME' LANGUAGE C;");
  });

  it('creates an access method with its handler, and comments on it', () => {
    const script = installScript(vectorExtension);
    expect(script).toContain('CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hnswhandler;');
    expect(script).toContain("COMMENT ON ACCESS METHOD hnsw IS 'hnsw index access method';");
  });

  it('makes no operator class of hnsw the default', () => {
    const script = installScript(vectorExtension);
    expect(script).toContain('\tFOR TYPE vector USING hnsw AS\n\tOPERATOR 1 <-> FOR ORDER BY float_ops ,');
    expect(script).not.toContain('DEFAULT FOR TYPE vector USING hnsw');
  });

  it('quotes comments', () => {
    const script = installScript(catalogWith([fn('a', ['int'], 'int', "it's; DROP TABLE x")]));
    expect(script).toContain("IS 'it''s; DROP TABLE x';");
  });

  it('quotes any text as a literal that reads back', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const quoted = literal(text);
        expect(quoted).toMatch(/^'(?:[^']|'')*'$/s);
        expect(quoted.slice(1, -1).replaceAll("''", "'")).toBe(text);
      }),
    );
  });
});

describe("the control file and the linker's script", () => {
  const file = (path: string): string => readFileSync(new URL(path, emitted), 'utf8');

  it('say where the library is as pgvector says it', () => {
    const control = file('vector/vector.control');
    expect(control).toContain("module_pathname = '$libdir/vector'");
    expect(control).toContain('relocatable = true');
    expect(control).not.toContain('requires');
  });

  it('export the symbols of the catalog and make the rest local', () => {
    const map = file('vector/vector.map');
    const global = (map.match(/global:([^:]*)local:/)?.[1] ?? '').split(';').map((line) => line.trim());
    expect(global.filter((symbol) => symbol !== '')).toEqual(exportsOf(vectorExtension));
    for (const symbol of symbolsOf(vectorExtension)) {
      expect(global).toContain(symbol);
      expect(global).toContain(`pg_finfo_${symbol}`);
    }
    // Looked up by name, but no SQL function: without the record that describes one.
    expect(global).toContain('HnswParallelBuildMain');
    expect(global).not.toContain('pg_finfo_HnswParallelBuildMain');
    expect(map).toMatch(/local:\s+\*;/);
  });

  it('list every public object in the reference', () => {
    const reference = file('vector/reference.md');
    for (const f of functionsOf(vectorExtension)) expect(reference).toContain(`${f.name}(`);
    const methods = vectorExtension.sections
      .flatMap((section) => section.records)
      .filter((record) => record.kind === 'access method');
    const parameters = [...vectorExtension.settings, ...methods.flatMap((method) => method.options)];
    expect(parameters.length).toBeGreaterThan(0);
    for (const { name, default: value } of parameters) {
      expect(reference).toContain(`| \`${name}\` | \`${value}\` |`);
    }
  });
});
