import { describe, expect, it } from 'vitest';
import {
  AuditLog,
  ContractedGraph,
  type CutProblem,
  CutTracker,
  canonicalBytes,
  createIntegrity,
  createSigner,
  flowSignal,
  fromGraphology,
  Gate,
  groupCut,
  LogVerifier,
  memoryStore,
  verifyLog,
} from '../../src/index.js';

const edge: CutProblem = {
  nodeCount: 2,
  sources: Uint32Array.of(0),
  targets: Uint32Array.of(1),
  weights: Float64Array.of(1),
};
const signer = createSigner(new Uint8Array(32).fill(1));
const opened = AuditLog.open(memoryStore(), { origin: 'example.com/x', signer, clock: () => 1 });

function graph(): ContractedGraph {
  const made = new ContractedGraph();
  made.upsertNode({ name: 'a', type: 'x' });
  made.upsertNode({ name: 'b', type: 'x' });
  return made;
}

const integrity = createIntegrity({
  name: 'x',
  clock: () => 1,
  random: () => 0,
  signals: { flow: { commodities: [] } },
});

/** Calls with something in the place of an object. */
const calls: Readonly<Record<string, (value: never) => unknown>> = {
  upsertNode: (v) => graph().upsertNode(v),
  upsertEdge: (v) => graph().upsertEdge(v),
  updateEdge: (v) => graph().updateEdge(v, {}),
  removeEdge: (v) => graph().removeEdge(v),
  batch: (v) => graph().batch([v]),
  fromGraphology: (v) => fromGraphology(v),
  CutTracker: (v) => new CutTracker(edge, v ?? (null as never)),
  'CutTracker.batch': (v) => new CutTracker(edge).batch([v]),
  'CutTracker.batch, no array': (v) => new CutTracker(edge).batch(v),
  groupCut: (v) => groupCut(edge, v),
  flowSignal: (v) => flowSignal(graph().snapshot(), v, new Map()),
  'Gate.check': (v) => new Gate({ random: () => 0 }).check('x', v),
  canonicalBytes: (v) => canonicalBytes({}, v ?? (null as never)),
  LogVerifier: (v) => new LogVerifier(v),
  verifyLog: (v) => verifyLog([], v),
  'AuditLog.open, store': (v) => AuditLog.open(v, { clock: () => 1 }),
  append: async (v) => (await opened).append(v),
  rotate: async (v) => (await opened).rotate(signer, v),
  'rotate, signer': async (v) => (await opened).rotate(v, { reason: 'x' }),
  revoke: async (v) => (await opened).revoke(signer.fingerprint, v),
  override: (v) => integrity.override(v),
  setPolicy: (v) => integrity.setPolicy(v),
  guard: (v) => integrity.guard('x', () => 1, v ?? (null as never)),
};

describe('what is no object where one belongs', () => {
  it.each(Object.keys(calls))('is refused with a code: %s', async (name) => {
    for (const value of [null, undefined, 5, 'text']) {
      const error = await Promise.resolve()
        .then(() => calls[name]?.(value as never))
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(error, `${name} with ${String(value)}`).toMatchObject({
        name: 'IntegrityError',
        code: expect.stringMatching(/^ERR_INTEGRITY_/),
      });
    }
  });
});
