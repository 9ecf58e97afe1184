import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { expect, it } from 'vitest';
import { parseScript } from '../src/script.js';

const extension = fileURLToPath(new URL('../../packages/pg-extension/', import.meta.url));
const folders = ['vector', 'hnsw'].map((name) => new URL(`../sql/${name}/`, import.meta.url));
const scripts = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .map((name) => new URL(name, folder)),
);

function findFile(dir: string, name: string): string | undefined {
  for (const entry of readdirSync(dir)) {
    const full = path.join(dir, entry);
    if (entry === name) return full;
    const found = statSync(full).isDirectory() ? findFile(full, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

it('the library runs every script without undefined behaviour', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'ruvector-ubsan-'));
  try {
    const pgConfig = process.env.RUVECTOR_PG_CONFIG || 'pg_config';
    const version = execFileSync(pgConfig, ['--version'], { encoding: 'utf8' });
    const major = /PostgreSQL (\d+)/.exec(version)?.[1];
    const { sourcesMk } = (await import(path.join(extension, 'native/sources.mjs'))) as {
      sourcesMk(name: string, version: string): string;
    };
    writeFileSync(path.join(dir, 'sources.mk'), sourcesMk('vector', '0.8.7'));
    // A trap needs no run-time library in the server: undefined behaviour ends the backend by a signal.
    const sanitize = '-fsanitize=undefined -fsanitize-undefined-trap-on-error';
    const args = ['-s', '-f', path.join(extension, 'native/Makefile'), `PG_CONFIG=${pgConfig}`, 'EXT=vector'];
    args.push(`CC=gcc ${sanitize}`, `CXX=g++ ${sanitize}`, `-j${availableParallelism()}`);
    execFileSync('make', args, { cwd: dir, stdio: 'pipe' });
    const stage = path.join(dir, 'stage');
    cpSync(path.join(extension, 'build/stage', `pg${major}`), stage, { recursive: true });
    cpSync(path.join(dir, 'vector.so'), findFile(stage, 'vector.so') as string);

    const server = await startEmbedded({ extensions: [{ stage }] });
    try {
      const client = new pg.Client(server.connectionString);
      await client.connect();
      await client.query('CREATE EXTENSION vector');
      let statements = 0;
      for (const script of scripts) {
        for (const { sql } of parseScript(readFileSync(script, 'utf8')).steps) {
          // A statement may fail as it should; the connection must survive it.
          await client
            .query(sql)
            .catch((error: { code?: string }) => expect(error.code).toMatch(/^[0-9A-Z]{5}$/));
          statements++;
        }
      }
      expect(statements).toBeGreaterThan(600);
      expect(server.log()).not.toMatch(/terminated by signal/);
      await client.end();
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
