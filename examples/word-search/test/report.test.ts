import { describe, expect, it } from 'vitest';
import { RECALL_FLOOR } from '../src/recall.js';
import {
  ansi,
  formatAnswers,
  formatExact,
  formatIndex,
  formatLoad,
  type IndexReport,
  plain,
  type Report,
  styleFor,
  succeeded,
} from '../src/report.js';

const neighbours = [
  { word: 'queen', distance: 0.25 },
  { word: 'bad\x1b[31m', distance: 0.5 },
];
const report: Report = {
  dataset: { name: 'made-up', version: '1.0.0', rows: 341_479, dimensions: 100, heldOut: 1000 },
  server: { version: '15.20', extension: 'vector', extensionVersion: '0.1.0' },
  load: { rows: 340_479, seconds: 1.5, rowsPerSecond: 226_986, bytes: 146_000_000 },
  table: { heapBytes: 155_000_000, totalBytes: 172_000_000 },
  nearest: [{ word: 'king', plan: 'Limit > Sort > Seq Scan', neighbours }],
  analogies: [{ minuend: 'king', subtrahend: 'man', addend: 'woman', plan: 'Limit', neighbours }],
  exact: {
    queries: 1000,
    k: 10,
    p50Ms: 30.25,
    p99Ms: 41,
    queriesPerSecond: 32.5,
    plan: 'Limit > Sort > Seq Scan',
    parallelWorkers: 0,
    checked: 100,
    mismatches: 0,
  },
};

const index: IndexReport = {
  method: 'hnsw',
  m: 16,
  efConstruction: 200,
  buildSeconds: 240.04,
  rowsPerSecond: 1418,
  workers: 2,
  maintenanceWorkMemMB: 629,
  bytes: 380_000_000,
  plan: 'Limit > Index Scan using words_embedding_idx',
  enableSeqscan: true,
  searches: [
    { efSearch: 40, recallAt10: 0.88, p50Ms: 0.5, p99Ms: 1.25, queriesPerSecond: 1800.4 },
    { efSearch: 100, recallAt10: 0.9401, p50Ms: 1, p99Ms: 2.5, queriesPerSecond: 900 },
  ],
  floor: RECALL_FLOOR,
};

describe('the report for people', () => {
  it('says what was loaded', () => {
    const text = formatLoad(report, plain);
    expect(text).toContain('PostgreSQL 15.20, extension vector 0.1.0');
    expect(text).toContain('341,479 words, 100 dimensions, 1,000 held out');
    expect(text).toContain('340,479 rows in 1.50 s, 226,986 rows/s');
    expect(text).toContain('155 MB, with keys 172 MB');
  });

  it('shows questions, their SQL and answers, without obeying control characters', () => {
    const text = formatAnswers(report, { nearest: 'SELECT 1', analogy: 'SELECT 2' }, plain);
    expect(text).toContain(
      '    SELECT 1\n    plan: Limit > Sort > Seq Scan\n  king  queen 0.250, bad\ufffd[31m 0.500',
    );
    expect(text).toContain('    SELECT 2\n    plan: Limit\n  king - man + woman  queen 0.250');
    expect(text).not.toContain('\x1b');
    expect(formatAnswers({ nearest: [], analogies: [] }, { nearest: '', analogy: '' }, plain)).toBe('');
  });

  it('says how fast, by which plan, and whether it was right', () => {
    const text = formatExact(report.exact, 340_479, plain);
    expect(text).toContain('the 10 nearest of 340,479 rows, 1,000 held-out queries');
    expect(text).toContain('p50 30.3 ms, p99 41.0 ms, 32.5 queries/s');
    expect(text).toContain('Limit > Sort > Seq Scan\n');
    expect(text).toContain('100 answers compared with a double-precision scan, 0 wrong');
    expect(formatExact({ ...report.exact, parallelWorkers: 2 }, 1, plain)).toContain('2 parallel workers');
  });

  it('says what the index costs and gives', () => {
    const lines = formatIndex(index, 340_479, plain).split('\n');
    expect(lines).toEqual([
      'Search by an index: hnsw, m = 16, ef_construction = 200',
      '  build  340,479 rows in 240.0 s, 1,418 rows/s, 2 parallel workers; 380 MB',
      '  plan   Limit > Index Scan using words_embedding_idx',
      '  ef_search  40  recall@10 0.8800, p50 0.50 ms, p99 1.25 ms, 1,800 queries/s',
      '  ef_search 100  recall@10 0.9401, p50 1.00 ms, p99 2.50 ms, 900 queries/s',
      '',
    ]);
    const small = formatIndex({ ...index, enableSeqscan: false, workers: 1 }, 100, plain);
    expect(small).toContain('1 parallel worker;');
    expect(small).toContain('words_embedding_idx (enable_seqscan = off: ');
  });
});

describe('succeeded', () => {
  it('wants no wrong answer, and the recall that was promised', () => {
    const { exact } = report;
    const forgetful = {
      ...index,
      searches: [{ ...index.searches[1]!, recallAt10: RECALL_FLOOR.recallAt10 - 0.0001 }],
    };
    expect(succeeded({ exact })).toBe(true);
    expect(succeeded({ exact, index })).toBe(true);
    expect(succeeded({ exact: { ...exact, mismatches: 1 }, index })).toBe(false);
    expect(succeeded({ exact, index: forgetful })).toBe(false);
  });
});

describe('styleFor', () => {
  it('styles terminals only, unless NO_COLOR is set or the terminal is dumb', () => {
    expect(styleFor({ isTTY: true }, {})).toBe(ansi);
    expect(styleFor({ isTTY: true }, { NO_COLOR: '' })).toBe(ansi);
    expect(styleFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(plain);
    expect(styleFor({ isTTY: true }, { TERM: 'dumb' })).toBe(plain);
    expect(styleFor({}, {})).toBe(plain);
  });
});
