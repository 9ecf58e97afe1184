/**
 * The demo as its user runs it, with a server and made-up data. It runs `dist/`: build first.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDemo, type Server } from '../src/demo.js';
import { toleranceFor } from '../src/oracle.js';
import { Progress } from '../src/progress.js';
import { RECALL_FLOOR } from '../src/recall.js';
import type { Report } from '../src/report.js';
import { documentOf, syntheticVectors } from './synthetic.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const NAMED = ['king', 'man', 'woman', 'queen'];
const data = syntheticVectors(2000, 16, NAMED);
let directory: string;
let small: string;

type Demo = ChildProcessByStdio<null, Readable, Readable>;
const running = new Set<Demo>();

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Demo {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, RUVECTOR_DEMO_DATASET: small, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

async function outcome(child: Demo): Promise<{ status: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

const run = (args: readonly string[], env?: NodeJS.ProcessEnv) => outcome(start(args, env));

/** Resolves with the match as soon as the child has printed it. */
function printed(child: Demo, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (piece: Buffer | string) => {
      text += piece.toString();
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    });
    child.once('close', () => reject(new Error(`it ended without printing ${pattern}:\n${text}`)));
  });
}

/** Words of the loaded rows by true distance to a point. */
function ranking(loaded: readonly number[], point: readonly number[], without: readonly string[]) {
  const norm = (v: readonly number[]): number => Math.hypot(...v);
  return loaded
    .filter((row) => !without.includes(data.words[row]!))
    .map((row) => {
      const vector = [...data.values.subarray(row * 16, row * 16 + 16)];
      const dot = vector.reduce((sum, value, i) => sum + value * point[i]!, 0);
      return { word: data.words[row]!, distance: 1 - dot / (norm(vector) * norm(point)) };
    })
    .sort((a, b) => a.distance - b.distance);
}

const vectorAt = (row: number): number[] => [...data.values.subarray(row * 16, row * 16 + 16)];

beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: run npm run build`);
  directory = await mkdtemp(join(tmpdir(), 'word-search-e2e-'));
  small = join(directory, 'small.json');
  await writeFile(small, JSON.stringify(documentOf(data)));
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

describe('the demo', () => {
  it('prints one JSON object with true answers', async () => {
    const { status, stdout } = await run([
      '--json',
      '--rows',
      '1500',
      '--query',
      'King',
      'king - man + woman',
    ]);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const report = JSON.parse(stdout) as Report;
    const plan = 'Limit > Sort > Seq Scan';
    expect(report).toEqual({
      dataset: { name: small, version: 'local', rows: 2000, dimensions: 16, heldOut: 200 },
      server: {
        version: expect.stringMatching(/^\d+\.\d+/),
        extension: 'vector',
        extensionVersion: expect.stringMatching(/^\d+\.\d+/),
      },
      load: {
        rows: 1500,
        seconds: expect.any(Number),
        rowsPerSecond: expect.any(Number),
        bytes: expect.any(Number),
      },
      table: { heapBytes: expect.any(Number), totalBytes: expect.any(Number) },
      nearest: [{ word: 'king', plan, neighbours: expect.any(Array) }],
      analogies: [
        { minuend: 'king', subtrahend: 'man', addend: 'woman', plan, neighbours: expect.any(Array) },
      ],
      exact: {
        queries: 200,
        k: 10,
        p50Ms: expect.any(Number),
        p99Ms: expect.any(Number),
        queriesPerSecond: expect.any(Number),
        plan,
        parallelWorkers: 0,
        checked: 100,
        mismatches: 0,
      },
      index: {
        method: 'hnsw',
        m: 16,
        efConstruction: 200,
        buildSeconds: expect.any(Number),
        rowsPerSecond: expect.any(Number),
        workers: expect.any(Number),
        maintenanceWorkMemMB: 64,
        bytes: expect.any(Number),
        plan: 'Limit > Index Scan using words_embedding_idx',
        enableSeqscan: false,
        searches: [40, 100, 200].map((efSearch) => ({
          efSearch,
          recallAt10: expect.any(Number),
          p50Ms: expect.any(Number),
          p99Ms: expect.any(Number),
          queriesPerSecond: expect.any(Number),
        })),
        floor: RECALL_FLOOR,
      },
    });
    const recalls = report.index!.searches.map(({ recallAt10 }) => recallAt10);
    expect(Math.min(...recalls)).toBeGreaterThan(0.8);
    expect(Math.max(...recalls)).toBeLessThanOrEqual(1);
    expect(report.index!.bytes).toBeGreaterThan(1500 * 16 * 4);
    expect(report.exact.p99Ms).toBeGreaterThanOrEqual(report.exact.p50Ms);
    expect(report.table.totalBytes).toBeGreaterThan(report.table.heapBytes);
    expect(report.table.heapBytes).toBeGreaterThan(1500 * 16 * 4);
  });

  it('answers words and analogies as a computation outside the server does', async () => {
    const { stdout } = await run(['--json', '--no-index', '--query', 'king', 'king - man + woman']);
    const report = JSON.parse(stdout) as Report;
    expect(report).not.toHaveProperty('index');
    // Which rows are held out is not in the report; the answers must be the nearest of those that are not.
    const rows = [...data.words.keys()];
    const king = vectorAt(0);
    const point = king.map((value, i) => value - vectorAt(1)[i]! + vectorAt(2)[i]!);
    const questions = [
      [report.nearest[0]!.neighbours, ranking(rows, king, ['king'])],
      [report.analogies[0]!.neighbours, ranking(rows, point, ['king', 'man', 'woman'])],
    ] as const;
    for (const [answer, truth] of questions) {
      const distanceOf = new Map(truth.map(({ word, distance }) => [word, distance]));
      expect(answer).toHaveLength(5);
      for (const { word, distance } of answer)
        expect(Math.abs(distance - distanceOf.get(word)!)).toBeLessThan(toleranceFor(16));
      expect(answer.map(({ distance }) => distance)).toEqual(
        answer.map(({ distance }) => distance).sort((a, b) => a - b),
      );
      // A tenth is held out: the five nearest of the rest are among the first few of all.
      const ranks = answer.map(({ word }) => truth.findIndex((each) => each.word === word));
      expect(Math.max(...ranks)).toBeLessThan(20);
    }
  });

  it('prints a text for people without --json', async () => {
    const { status, stdout } = await run(['--query', 'king', '--rows', '100']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^PostgreSQL \d+\.\d+\S*, extension vector/);
    expect(stdout).toContain('load   100 rows in ');
    expect(stdout).toMatch(/\n {2}king {2}\S+ 0\.\d{3}, /);
    expect(stdout).toContain('100 answers compared with a double-precision scan, 0 wrong');
    expect(stdout).toMatch(/\n {2}ef_search 100 {2}recall@10 [01]\.\d{4}, p50 /);
    expect(stdout).not.toContain('\x1b');
  });

  it('explains an unknown word, on stderr and as JSON', async () => {
    const { status, stdout, stderr } = await run(['--query', 'kingg', '--json']);
    expect(status).toBe(1);
    expect(stderr).toContain("did you mean 'king'");
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'UNKNOWN_WORD', message: expect.stringContaining("'kingg' is not one of") },
    });
  });

  it('says so when the data are damaged', async () => {
    const file = join(directory, 'damaged.json');
    await writeFile(file, JSON.stringify(documentOf(data)).slice(0, -100));
    const { status, stdout, stderr } = await run(['--json'], { RUVECTOR_DEMO_DATASET: file });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'DATASET_FORMAT' } });
    expect(stderr).toMatch(/^not valid JSON at byte \d+/);
  });

  it('refuses bad usage with status 2', async () => {
    const { status, stdout, stderr } = await run(['--rows', 'many']);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain("--rows needs a whole number of at least 1, not 'many'");
  });

  it.each([
    ['after loading', /with keys/],
    ['while it builds the index', /compared with a double-precision scan/],
  ])('stops at Ctrl-C %s and leaves nothing behind', async (_, moment) => {
    const many = join(directory, 'many.json');
    await writeFile(many, JSON.stringify(documentOf(syntheticVectors(10_000, 100, NAMED))));
    const temporary = await mkdtemp('/tmp/word-search-e2e-');
    await chmod(temporary, 0o1777); // as root the server runs as another account
    const child = start(['--keep'], { RUVECTOR_DEMO_DATASET: many, TMPDIR: temporary });
    const ended = outcome(child);
    await printed(child, moment);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect(status).toBe(130);
    expect(stderr).toContain('stopped by SIGINT');
    expect(await readdir(temporary)).toEqual([]);
    await rmdir(temporary);
    expect(stderr).not.toContain('kept:');
  });

  it('keeps a table that --serve serves', async () => {
    const { status, stdout } = await run([
      '--keep',
      '--json',
      '--no-index',
      '--rows',
      '50',
      '--query',
      'king',
    ]);
    expect(status).toBe(0);
    const { dataDir } = (JSON.parse(stdout) as Report).kept!;
    try {
      const server = start(['--serve', dataDir]);
      const ended = outcome(server);
      const [, url] = await printed(server, /psql '(.*)'/);
      const client = new pg.Client({ connectionString: url! });
      await client.connect();
      const { rows } = await client.query(
        'SELECT count(*)::int AS n, max(vector_dims(embedding)) AS d FROM words',
      );
      await client.end();
      expect(rows).toEqual([{ n: 50, d: 16 }]);
      server.kill('SIGINT');
      expect((await ended).status).toBe(0);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  describe('with a server that has another <=>', () => {
    // After CREATE EXTENSION an event trigger puts it in front of the extension's: Manhattan distance.
    const lies = `
      CREATE FUNCTION lie() RETURNS event_trigger LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE 'CREATE SCHEMA lies';
        EXECUTE 'CREATE OPERATOR lies.<=> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = l1_distance)';
        PERFORM set_config('search_path', 'lies, public, pg_catalog', false);
      END $$;
      CREATE EVENT TRIGGER lie ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION lie()`;
    const startServer = async (): Promise<Server> => {
      const server = await startEmbedded();
      const client = new pg.Client({ connectionString: server.connectionString });
      await client.connect();
      await client.query(lies);
      await client.end();
      return server;
    };
    const notes: string[] = [];
    const runHere = (index: boolean) =>
      runDemo({
        dataset: { name: 'made-up', version: '1' },
        data,
        index,
        startServer,
        progress: new Progress({ write: (text: string) => notes.push(text) }),
        signal: new AbortController().signal,
      });

    it('notices that it answers wrongly', async () => {
      const report = await runHere(false);
      expect(report.exact.mismatches).toBe(100);
      expect(notes.join('')).toContain('wrong answer to ');
    });

    it('notices that it does not take the index', async () => {
      await expect(runHere(true)).rejects.toMatchObject({
        code: 'NOT_INDEXED',
        message: expect.stringMatching(
          /^the planner did not take the index words_embedding_idx: .*Seq Scan$/,
        ),
      });
    });
  });
});
