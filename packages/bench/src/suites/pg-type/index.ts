/**
 * Type `vector` in PostgreSQL: ours against a staged pgvector, each in its own embedded server, measured in turns.
 * What is timed and how: `../pg/timed.ts`; the servers' settings: `session.ts`.
 */
import { join } from 'node:path';
import type { Budget, Case, Plan, PlanContext, Suite } from '../../suite.js';
import { sharedProcessor } from '../pg/affinity.js';
import { probeServer } from '../pg/contender.js';
import { ourStage, pgvectorStage } from '../pg/stages.js';
import { copyInCase, copyOutCase } from './copy.js';
import { controlCase, nearestCase, operators, scanCase } from './scan.js';
import { PgSession } from './session.js';
import { parseCase, printCase } from './text.js';

const SCAN_DIMENSIONS = [3, 32, 128, 256, 384, 768, 1536] as const;
/** Above 2 kB, where the default storage is out of line. */
const PLAIN_DIMENSIONS = [768, 1536] as const;
/** Where the kernel, not the memory, is to be seen; and where the order of the pages is. */
const CACHE_DIMENSIONS = [128, 384] as const;
const TEXT_DIMENSIONS = [128, 768] as const;

const budgets: Readonly<Record<'full' | 'quick', Budget>> = {
  full: { rounds: 41, warmups: 3, minTimeMs: 12 },
  quick: { rounds: 15, warmups: 2, minTimeMs: 6 },
};

/** Cases that read one table stand together. Those that free buffers come last; see `session.ts`. */
function makeCases(): readonly Case<PgSession>[] {
  const scans = SCAN_DIMENSIONS.flatMap((dimensions) => [
    ...operators.map((operator) => scanCase(operator, { dimensions })),
    ...(dimensions === 128 ? [controlCase({ dimensions })] : []),
    ...(dimensions === 128 || dimensions === 768
      ? operators.map((operator) => nearestCase(operator, { dimensions }))
      : []),
  ]);
  const plain = PLAIN_DIMENSIONS.flatMap((dimensions) =>
    operators.map((operator) => scanCase(operator, { dimensions, storage: 'plain' })),
  );
  const cached = CACHE_DIMENSIONS.flatMap((dimensions) => [
    ...operators.map((operator) => scanCase(operator, { dimensions, residence: 'cache' })),
    ...(dimensions === 128 ? [controlCase({ dimensions, residence: 'cache' })] : []),
  ]);
  const falling = CACHE_DIMENSIONS.flatMap((dimensions) =>
    operators.map((operator) => scanCase(operator, { dimensions, pages: 'falling' })),
  );
  const texts = TEXT_DIMENSIONS.flatMap((dimensions) => [
    parseCase('17-digit doubles', dimensions),
    parseCase('integers', dimensions),
    parseCase('8-digit floats', dimensions),
    copyInCase('text', dimensions),
    copyInCase('binary', dimensions),
    copyOutCase(dimensions),
    printCase('floats', dimensions),
    printCase('integers', dimensions),
  ]);
  return [...scans, ...plain, ...cached, ...falling, ...texts];
}

async function plan({ mode, signal, env }: PlanContext): Promise<Plan<PgSession>> {
  const { version, majorVersion } = await probeServer(signal);
  const processor = await sharedProcessor();
  const ours = ourStage(majorVersion, env);
  const pgvector = pgvectorStage(env);
  const peers = 'subject' in pgvector ? [pgvector] : [];
  return {
    ours: ours.subject,
    peers: peers.map(({ subject }) => subject),
    absent: 'subject' in pgvector ? [] : [pgvector],
    environment: {
      postgresql: version,
      backends: processor === undefined ? 'on any processor' : `on processor ${processor}`,
    },
    notes: [
      'Times are taken inside the server, per row or number: executor and type together, no client. Both servers have the same settings and rows; one process, warm shared buffers, no JIT.',
      'Every case first checks distances against double precision, or texts, bytes and rows for equality.',
      "Scans read a table of 32 MiB, beyond the private caches; 'in cache', one of 512 KiB. Above 2 kB the default storage is out of line (TOAST), and its look-ups cost more than the distance; 'plain storage' keeps the vectors in their rows.",
      "The pages of a table lie at rising addresses in shared buffers, as a new server lays them; 'falling pages': at falling ones, as after a table was dropped.",
      "The cases named 'control' run no code of either side: their time is the floor under the scans, and how far their ratio is from 1 is the error of the others.",
      'pgvector is measured as it was staged; its Makefile compiles for the machine (-march=native) by default.',
    ],
    budget: budgets[mode],
    cases: makeCases(),
    open: (openSignal) => PgSession.open([ours, ...peers], processor, openSignal),
  };
}

/** Suite `pg-type`: type `vector` in PostgreSQL. */
export const pgTypeSuite: Suite = {
  name: 'pg-type',
  summary: 'type vector in PostgreSQL (scans, text, COPY), against pgvector staged in PGVECTOR_STAGE',
  directory: import.meta.dirname,
  shared: [join(import.meta.dirname, '..', 'pg')],
  plan,
};
