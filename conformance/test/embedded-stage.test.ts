/** Extensions that are installed nowhere: given as staged trees. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isRoot, query, rejection } from './embedded-helpers.js';

let outer: string;
const started: EmbeddedServer[] = [];

async function start(options: Parameters<typeof startEmbedded>[0]) {
  const server = await startEmbedded(options);
  started.push(server);
  return server;
}

beforeAll(() => {
  outer = mkdtempSync('/tmp/embedded-test-');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

afterAll(() => rmSync(outer, { recursive: true, force: true }));

/** A staged tree with an extension that is nothing but SQL, laid out as `make install DESTDIR=` of some prefix does. */
function sqlStage(name: string, answer: number, prefix = '/opt/some/prefix'): string {
  const stage = mkdtempSync(path.join(outer, 'stage-'));
  const directory = path.join(stage, prefix, 'share', 'postgresql', 'extension');
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, `${name}.control`), "default_version = '1.0'\nrelocatable = true\n");
  writeFileSync(
    path.join(directory, `${name}--1.0.sql`),
    `CREATE FUNCTION ${name}_answer() RETURNS int LANGUAGE sql AS 'SELECT ${answer}';\n`,
  );
  return stage;
}

describe('a staged tree', () => {
  it('is available although it was staged for another prefix', async () => {
    const server = await start({ extensions: [{ stage: sqlStage('ruvector_stage_test', 42) }] });
    await query(server.connectionString, 'CREATE EXTENSION ruvector_stage_test');
    expect(await query(server.connectionString, 'SELECT ruvector_stage_test_answer() AS a')).toEqual([
      { a: 42 },
    ]);
  });

  it('beside another one leaves both available', async () => {
    const extensions = [
      { stage: sqlStage('ruvector_one', 1) },
      { stage: sqlStage('ruvector_two', 2, '/usr') },
    ];
    const server = await start({ extensions });
    await query(server.connectionString, 'CREATE EXTENSION ruvector_one');
    await query(server.connectionString, 'CREATE EXTENSION ruvector_two');
    expect(
      await query(server.connectionString, 'SELECT ruvector_one_answer() + ruvector_two_answer() AS a'),
    ).toEqual([{ a: 3 }]);
  });

  it("leaves the server's own extensions available", async () => {
    const extensions = ['fuzzystrmatch', { stage: sqlStage('ruvector_stage_test', 42) }];
    const server = await start({ extensions });
    for (const name of ['fuzzystrmatch', 'ruvector_stage_test']) {
      await query(server.connectionString, `CREATE EXTENSION ${name}`);
    }
    expect(await query(server.connectionString, "SELECT levenshtein('kitten', 'sitting') AS d")).toEqual([
      { d: 3 },
    ]);
  });

  it('may be removed while the server runs', async () => {
    const stage = sqlStage('ruvector_stage_test', 42);
    const server = await start({ extensions: [{ stage }] });
    rmSync(stage, { recursive: true });
    await query(server.connectionString, 'CREATE EXTENSION ruvector_stage_test');
  });

  it.runIf(isRoot)('may lie where the server cannot reach', async () => {
    const closed = path.join(outer, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const stage = path.join(closed, 'stage');
    cpSync(sqlStage('ruvector_stage_test', 42), stage, { recursive: true });
    const server = await start({ extensions: [{ stage }] });
    await query(server.connectionString, 'CREATE EXTENSION ruvector_stage_test');
  });

  it.each([
    ['does not exist', () => path.join(outer, 'nothing')],
    ['holds no extension', () => mkdtempSync(path.join(outer, 'empty-'))],
  ])('that %s is refused', async (_, stage) => {
    const error = await rejection(start({ extensions: [{ stage: stage() }] }), 'ERR_EMBEDDED_EXTENSION');
    expect(error.message).toContain(outer);
  });

  it('is not needed for a name that the server does not have: that is refused', async () => {
    const error = await rejection(start({ extensions: ['ruvector_no_such'] }), 'ERR_EMBEDDED_EXTENSION');
    expect(error.message).toContain('ruvector_no_such');
  });
});
