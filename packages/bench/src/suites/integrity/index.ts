/**
 * @ruvector/integrity. Graphs have 1,000 nodes and 10,000 edges, in four families (graphs.ts); cuts and eigenvalues are measured
 * against libraries in C and C++ (native.ts), the tracker against computing anew, the cryptography of the log against noble. Counts
 * (recomputed, flows, operations, transitions, bytes) depend on no machine.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findPackage } from '../../fingerprint.js';
import {
  type Budget,
  type Case,
  emptySession,
  type Mode,
  type Plan,
  type PlanContext,
  type Suite,
} from '../../suite.js';
import { appendCase, cryptoCase, cryptoOperations, fileSystem, storeKinds, verifyCase } from './audit.js';
import { gateCase, gateScenes, stateCase, traceNames } from './control.js';
import { cutCase } from './cut.js';
import { FAMILIES } from './graphs.js';
import { compilePeer, type NativeName, type NativePeer } from './native.js';
import { loadOurs, locateOurs, type Ours } from './ours.js';
import type { Peers } from './peers.js';
import { lambda2Case } from './spectral.js';
import { trackerCase } from './tracker.js';

const budgets: Readonly<Record<Mode, Budget>> = {
  full: { rounds: 25, warmups: 3, minTimeMs: 12 },
  quick: { rounds: 7, warmups: 2, minTimeMs: 6 },
};

/** A step goes through much code, which V8 optimises late: the same long warm-up in both modes. */
const stateBudget: Partial<Budget> = { warmups: 8, minTimeMs: 12 };

/** What is shortened in mode `quick`. */
const sizes = {
  full: {
    cut: { graphs: 8, cuts: 200, budget: { rounds: 16, warmups: 2 } },
    tracker: { updates: 2000, recomputations: 200 },
    appended: 500,
    verified: 5000,
  },
  quick: {
    cut: { graphs: 4, cuts: 100, budget: { rounds: 4, warmups: 1 } },
    tracker: { updates: 500, recomputations: 50 },
    appended: 200,
    verified: 500,
  },
} as const;

/** The @noble/ed25519 that ours takes. */
function findNoble(): { version: string } {
  const name = '@noble/ed25519';
  const { root } = locateOurs();
  const folders = createRequire(join(root, 'package.json')).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder));
  return findPackage(found ?? root, name);
}

async function findPeers({ signal, env }: PlanContext, { subject }: Ours): Promise<Peers> {
  const names: readonly NativeName[] = ['igraph', 'boost'];
  const native = new Map<NativeName, NativePeer>();
  const absent = [];
  for (const name of names) {
    const found = await compilePeer(name, { signal, compiler: env.CXX });
    if ('binary' in found) native.set(name, found);
    else absent.push(found);
  }
  const noble = findNoble();
  return {
    native,
    absent,
    subjects: [
      ...[...native.values()].map((peer) => peer.subject),
      { ...subject, name: 'recompute', details: { what: 'minCut of ours after every update' } },
      { name: 'noble', version: noble.version, fingerprint: noble.version },
    ],
  };
}

async function plan(context: PlanContext): Promise<Plan> {
  const { mode } = context;
  const ours = await loadOurs();
  const { library } = ours;
  const peers = await findPeers(context, ours);
  const { cut, tracker, appended, verified } = sizes[mode];
  const cases: readonly Case[] = [
    ...[...FAMILIES, 'regular' as const].map((family) => ({
      ...cutCase(library, peers, family, cut),
      budget: cut.budget,
    })),
    ...(['exact', 'interval'] as const).flatMap((kind) =>
      FAMILIES.map((family) => trackerCase(library, family, kind, tracker)),
    ),
    ...FAMILIES.map((family) => lambda2Case(library, peers, family)),
    ...gateScenes.map((scene) => gateCase(library, scene)),
    ...traceNames.map((trace) => ({ ...stateCase(library, trace), budget: stateBudget })),
    ...storeKinds.map((kind) => appendCase(library, kind, appended)),
    ...(['all', 'chain'] as const).map((signatures) => verifyCase(library, signatures, verified)),
    ...cryptoOperations.map((operation) => cryptoCase(library, operation)),
  ];
  return {
    ours: ours.subject,
    peers: peers.subjects,
    absent: peers.absent,
    environment: { files: await fileSystem() },
    notes: [
      'igraph and Boost.Graph have the algorithm of Stoer and Wagner (1997) and no other for the minimum cut of an undirected graph. They are processes of their own and keep their own time; their graphs are built beforehand, ours begins with edges in arrays. Each round takes one graph and compares the weights.',
      'min cut: a sample is the mean of one run; p99 is over the cuts of a run of ours.',
      'tracker: recompute is our own minCut after every update. Counts are shares of all updates.',
      'lambda2: igraph is ARPACK through igraph. It proves nothing of its value: time of ours holds the proof of the error, at most 0.1 %.',
      'append: the files lie below .cache/bench of the repository; fsync is as fast as what is below it.',
      'Ed25519, SHA-256: ours is the cryptography of the host (node:crypto) with the checks of the log around it.',
    ],
    budget: budgets[mode],
    cases,
    open: async () => emptySession,
  };
}

/** Suite `integrity`. */
export const integritySuite: Suite = {
  name: 'integrity',
  summary:
    'minimum cuts, their tracker, lambda2, gate, state machine and log, against igraph, Boost.Graph and noble',
  directory: import.meta.dirname,
  plan,
};
