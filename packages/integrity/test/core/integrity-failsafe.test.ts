/** Ways in which a system under watch could be open or blind by accident, each found by an attack. */
import { describe, expect, it } from 'vitest';
import {
  AuditLog,
  createIntegrity,
  createSigner,
  expressGate,
  fastifyGate,
  type Integrity,
  IntegrityError,
  type IntegrityOptions,
  memoryStore,
  replayLog,
} from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

const start = 1_700_000_000_000;

interface Bench {
  now: number;
  readonly integrity: Integrity;
  readonly log: AuditLog;
}

async function bench(more: Partial<IntegrityOptions> = {}): Promise<Bench> {
  const made = { now: start } as { -readonly [K in keyof Bench]: Bench[K] };
  const log = await AuditLog.open(memoryStore(), {
    origin: 'example.com/jobs',
    signer: createSigner(new Uint8Array(32).fill(3)),
    clock: () => made.now,
  });
  made.log = log;
  made.integrity = createIntegrity({
    name: 'jobs',
    clock: () => made.now,
    random: () => 0.5,
    signals: { flow: { commodities: [{ name: 'job', sources: ['clients'], sinks: ['store'] }] } },
    states: { holdMs: 60_000, cooldownMs: 10_000, dwellMs: 10_000 },
    mode: 'enforce',
    policy: {
      operations: {
        submit: { class: 'medium', loads: ['queue'] },
        drain: { class: 'repair', relieves: ['queue'] },
      },
    },
    log,
    ...more,
  });
  made.integrity.graph.batch([
    { op: 'node', name: 'clients', type: 'clients' },
    { op: 'node', name: 'store', type: 'store' },
    ...['w1', 'w2'].flatMap((worker) => [
      { op: 'node' as const, name: worker, type: 'worker' },
      ...[
        ['clients', worker, 'queue', 40],
        [worker, 'store', 'write', 200],
      ].map(([source, target, type, capacity]) => ({
        op: 'edge' as const,
        source: source as string,
        target: target as string,
        type: type as string,
        directed: true,
        capacity: capacity as number,
        cost: { job: 1 },
      })),
    ]),
  ]);
  return made;
}

function sample(system: Bench, times: number): void {
  for (let i = 0; i < times; i++) {
    system.now += 5000;
    system.integrity.sample();
  }
}

/** A system whose two workers are dead. */
async function dead(more: Partial<IntegrityOptions> = {}): Promise<Bench> {
  const system = await bench(more);
  system.integrity.offer({ job: 38 });
  sample(system, 4);
  for (const worker of ['w1', 'w2']) system.integrity.graph.updateNode(worker, { health: 0 });
  sample(system, 3);
  return system;
}

describe('a system under watch', () => {
  it('names what died where nothing is left alive across the cut, and goes by it', async () => {
    const { integrity } = await dead();
    expect([integrity.state, integrity.lastSample?.lambdaPpm]).toEqual(['critical', 0]);
    expect(integrity.lastSample?.witness.map(({ type, weight }) => [type, weight])).toEqual([
      ['queue', 0],
      ['queue', 0],
    ]);
    expect(integrity.check('submit')).toMatchObject({ action: 'reject', relation: 'loads' });
    expect(integrity.check('drain')).toMatchObject({ allowed: true, relation: 'relieves' });
  });

  it('says with every refusal where the log tells of the state', async () => {
    const { integrity, log } = await dead();
    let transition: number | undefined;
    for await (const { type, seq, body } of log.entries())
      if (type === 'transition' && body.to === 'critical') transition = seq;
    for (let i = 0; i < 3; i++)
      expect(integrity.check('index_rebuild').evidence?.event).toBe(String(transition));
  });

  it('takes a disk without room as full, whether or not it still grows', async () => {
    const system = await bench();
    for (const growth of [10, 0, -5]) {
      system.integrity.reserve('disk', { free: 0, growth, reactionSeconds: 60 });
      sample(system, 1);
      expect(system.integrity.lastSample?.lambdaPpm).toBe(0);
    }
  });

  it('refuses to count an operation that its policy does not have', async () => {
    await expect(bench({ offeredFrom: { job: ['sumbit'] } })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_POLICY',
      field: 'offeredFrom.job[0]',
    });
  });

  it('changes nothing where a new contract is refused', async () => {
    const { integrity, log } = await bench({ offeredFrom: { job: ['submit'] } });
    const size = log.head.size;
    expect(() =>
      integrity.setPolicy({
        actor: 'ada',
        reason: 'x',
        mode: 'off',
        signals: { flow: { commodities: [{ name: 'other', sources: ['clients'], sinks: ['store'] }] } },
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_INTEGRITY_POLICY' }));
    expect([integrity.gate.mode, log.head.size]).toEqual(['enforce', size]);
  });

  it('protects although a listener throws, and lets the error out at the end', async () => {
    const system = await bench();
    const { integrity } = system;
    integrity.offer({ job: 38 });
    sample(system, 4);
    for (const error of [new Error('listener'), new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'listener')]) {
      const leave = integrity.onEntry(() => {
        throw error;
      });
      integrity.graph.updateNode('w2', { health: 0 });
      for (let i = 0; i < 3; i++) {
        system.now += 5000;
        expect(() => integrity.sample()).toThrow('listener');
      }
      leave();
      expect(integrity.state).toBe('critical');
      expect(integrity.check('index_rebuild').action).toBe('reject');
      expect(integrity.auditFailure).toBeUndefined();
    }
  });

  it('does not publish what is stale as new', async () => {
    const system = await bench();
    system.integrity.offer({ job: 10 });
    sample(system, 4);
    expect(system.integrity.state).toBe('normal');
    system.now += 3_600_000;
    system.integrity.setPolicy({ actor: 'ada', reason: 'x', policy: {} });
    expect(system.integrity.check('submit')).toMatchObject({ state: 'unknown' });
    const resumed = createIntegrity({
      name: 'jobs',
      clock: () => system.now + 36_000_000,
      random: () => 0,
      signals: { flow: { commodities: [] } },
      resume: { ...system.integrity.integrityState, state: 'normal', measured: 'normal' },
    });
    expect([resumed.state, resumed.check('search').state]).toEqual(['unknown', 'unknown']);
  });

  it('takes samples from the signals that it must have', async () => {
    const system = await bench({ states: { signals: ['flow'] } });
    system.integrity.offer({ job: 50 });
    sample(system, 6);
    expect([system.integrity.state, system.integrity.lastSample?.lambdaPpm]).toEqual(['stress', 600_000]);
  });

  it('takes a sample although the graph as a whole cannot be cut', async () => {
    const system = await bench();
    system.integrity.graph.upsertNode({ name: 'x', type: 'y' });
    system.integrity.graph.upsertNode({ name: 'z', type: 'y' });
    for (const [source, target] of [
      ['x', 'z'],
      ['x', 'w1'],
    ] as const)
      system.integrity.graph.upsertEdge({ source, target, type: 'huge', capacity: 1.7e308 });
    system.integrity.offer({ job: 10 });
    sample(system, 4);
    expect(system.integrity.state).toBe('normal');
    expect(system.integrity.lastSample).toMatchObject({ minCut: null, components: null });
  });

  it.each([
    ['onAuditFailure', 'unkown'],
    ['recordSamples', 'no'],
    ['stopwatch', 3],
    ['log', {}],
  ])('refuses %s = %j', async (name, value) => {
    await expect(bench({ [name]: value })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_ARGUMENT',
      field: `options.${name}`,
    });
  });

  it('is replayed to the same states, with ticks, restarts and a clock that goes both ways', async () => {
    for (let seed = 1; seed <= scale(60); seed++) {
      const random = new Random(seed);
      const states = { holdMs: 20_000, cooldownMs: 5000, dwellMs: 5000, staleAfterMs: 15_000 };
      const system = await bench({ states });
      let integrity = system.integrity;
      for (let i = 0; i < 60; i++) {
        system.now += random.below(6) === 0 ? -random.below(40_000) : random.below(12_000);
        const kind = random.below(12);
        integrity.offer({ job: random.below(3) === 0 ? 38 : 5 });
        if (kind < 3) integrity.tick();
        else if (kind === 3)
          integrity.override({ state: 'stress', reason: 'r', actor: 'a', forMs: 1 + random.below(20_000) });
        else if (kind === 4) integrity.graph.updateNode('w2', { health: random.below(2) });
        else if (kind === 5) {
          // A restart, with and without the state.
          const { graph } = integrity;
          integrity = createIntegrity({
            name: 'jobs',
            clock: () => system.now,
            random: () => 0.5,
            signals: { flow: { commodities: [{ name: 'job', sources: ['clients'], sinks: ['store'] }] } },
            states,
            graph,
            log: system.log,
            ...(random.below(2) === 0 ? { resume: integrity.integrityState } : {}),
          });
        } else integrity.sample();
      }
      const { mismatches, state } = await replayLog(system.log.entries(), states);
      expect(mismatches, `seed ${seed}`).toEqual([]);
      expect([state.measured, state.override?.state], `seed ${seed}`).toEqual([
        integrity.integrityState.measured,
        integrity.integrityState.override?.state,
      ]);
      expect(
        (await replayLog(system.log.entries(), { ...states, holdMs: 1 })).mismatches.length,
      ).toBeGreaterThan(0);
    }
  });
});

describe('middleware whose client has left while it waited', () => {
  it('gives its place back at once', async () => {
    const { integrity } = await dead();
    const response = {
      closed: true,
      status: () => undefined,
      set: () => undefined,
      send: () => undefined,
      once: () => {
        throw new Error('no close comes any more');
      },
    };
    let handled = 0;
    const express = expressGate(integrity, { operation: () => 'search' });
    const fastify = fastifyGate(integrity, { operation: () => 'search' });
    for (let i = 0; i < 20; i++) {
      express({}, response, () => handled++);
      fastify({}, { code: () => 0, headers: () => 0, send: () => 0, raw: response }, (error) => {
        if (error === undefined) handled++;
      });
    }
    expect([handled, integrity.gate.counters().inFlight.low]).toEqual([0, 0]);
  });
});

describe('contracts of signals', () => {
  it.each([
    [{ structure: { baseline: Number.NaN } }, 'signals.structure.baseline'],
    [{ structure: null }, 'signals.structure'],
    [{ structure: { baseline: 1, failRato: 0.2 } }, 'signals.structure'],
    [{ navigability: 5 }, 'signals.navigability'],
    [{ navigability: { nodeTypes: [], edgeTypes: ['l'], baseline: 1 } }, 'signals.navigability.nodeTypes'],
    [{ navigability: { nodeTypes: ['r'], edgeTypes: ['l'], baseline: 0 } }, 'signals.navigability.baseline'],
    [{ flow: { commodities: [null] } }, 'signals.flow.commodities[0]'],
    [{ flow: { commodities: [], bogus: 1 } }, 'signals.flow'],
  ])('are refused before anything changes: %j', async (signals, field) => {
    const { integrity } = await dead();
    expect(() => integrity.setPolicy({ actor: 'ada', reason: 'x', signals: signals as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INTEGRITY_POLICY', field: expect.stringContaining(field) }),
    );
    expect(integrity.check('index_rebuild').action).toBe('reject');
    await expect(bench({ signals: signals as never })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_POLICY',
    });
  });
});

describe('a new policy', () => {
  it('is merged over the present one, and knows what is in flight', async () => {
    const limit = { action: 'throttle', admitPpm: 1_000_000, maxInFlight: 2 } as const;
    const { integrity } = await dead({
      policy: {
        operations: { submit: { class: 'medium', loads: ['queue'] } },
        rules: { critical: { low: { ...limit, loads: limit, relieves: limit } } },
      },
    });
    const tickets = [integrity.acquire('search'), integrity.acquire('search')];
    expect(integrity.acquire('search').decision.reason).toBe('in-flight');
    integrity.setPolicy({ actor: 'ada', reason: 'x', policy: { staleAfterMs: 60_000 } });
    expect(integrity.check('submit')).toMatchObject({ action: 'reject', relation: 'loads' });
    expect(integrity.acquire('search').decision.reason).toBe('in-flight');
    for (const { release } of tickets) release();
    expect(integrity.gate.counters().inFlight.low).toBe(0);
    expect(integrity.acquire('search').decision.allowed).toBe(true);
  });
});

describe('lambda2', () => {
  it('decides nothing, and stops nothing where it cannot be computed', async () => {
    const system = await bench({ driftEvery: 1 });
    system.integrity.graph.upsertNode({ name: 'x', type: 'y' });
    system.integrity.graph.upsertEdge({ source: 'x', target: 'w1', type: 'huge', capacity: 1e305 });
    system.integrity.offer({ job: 10 });
    sample(system, 4);
    expect([system.integrity.state, system.integrity.lastSample?.lambda2]).toEqual(['normal', null]);
  });
});
