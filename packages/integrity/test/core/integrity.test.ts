import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuditLog,
  type AuditStore,
  createIntegrity,
  createSigner,
  type Integrity,
  IntegrityError,
  type IntegrityOptions,
  memoryStore,
  replayLog,
  verifyLog,
} from '../../src/index.js';
import { Random } from '../support/random.js';

const seed = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const start = 1_700_000_000_000;

/** A job system on paper: clients, two workers, a store; 40 jobs a second each way. */
function build(integrity: Integrity): void {
  integrity.graph.batch([
    { op: 'node', name: 'clients', type: 'clients' },
    { op: 'node', name: 'w1', type: 'worker' },
    { op: 'node', name: 'w2', type: 'worker' },
    { op: 'node', name: 'store', type: 'store' },
    ...['w1', 'w2'].flatMap((worker) => [
      {
        op: 'edge' as const,
        source: 'clients',
        target: worker,
        type: 'queue',
        directed: true,
        capacity: 40,
        cost: { job: 1 },
      },
      {
        op: 'edge' as const,
        source: worker,
        target: 'store',
        type: 'write',
        directed: true,
        capacity: 200,
        cost: { job: 1 },
      },
    ]),
  ]);
}

function errorOf(run: () => unknown): IntegrityError {
  try {
    run();
  } catch (error) {
    if (error instanceof IntegrityError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a system that is wired', () => {
  let now: number;
  let integrity: Integrity;
  let log: AuditLog;
  let store: AuditStore;
  const states = { holdMs: 60_000, cooldownMs: 10_000, dwellMs: 10_000 };

  function options(more: Partial<IntegrityOptions> = {}): IntegrityOptions {
    const random = new Random(7);
    return {
      name: 'jobs',
      clock: () => now,
      random: () => random.float(),
      signals: { flow: { commodities: [{ name: 'job', sources: ['clients'], sinks: ['store'] }] } },
      states,
      mode: 'enforce',
      policy: {
        operations: {
          submit: { class: 'medium', loads: ['queue'] },
          drain: { class: 'repair', relieves: ['queue'] },
        },
      },
      log,
      ...more,
    };
  }

  function samples(count: number): void {
    for (let i = 0; i < count; i++) {
      now += 5000;
      integrity.sample();
    }
  }

  beforeEach(async () => {
    now = start;
    store = memoryStore();
    log = await AuditLog.open(store, {
      origin: 'example.com/jobs',
      signer: createSigner(seed),
      clock: () => now,
      unsigned: ['sample'],
    });
    integrity = createIntegrity(options());
    build(integrity);
  });

  it('goes from a lost worker to a gate that refuses what loads the cut, and back', async () => {
    integrity.offer({ job: 38 });
    samples(3);
    expect([integrity.state, integrity.lastSample?.lambdaPpm]).toEqual(['normal', 1_000_000]);
    expect(integrity.check('submit').allowed).toBe(true);

    integrity.graph.updateNode('w2', { health: 0 });
    samples(2);
    const sample = integrity.lastSample;
    expect([integrity.state, sample?.binding]).toEqual(['critical', 'flow']);
    // (40 / 38 - 1) / (2 - 1)
    expect(sample?.lambdaPpm).toBe(52_632);
    expect(sample?.witness.map(({ source, target, type }) => [source, target, type])).toEqual([
      ['clients', 'w1', 'queue'],
    ]);
    const refused = integrity.check('submit');
    expect(refused).toMatchObject({ allowed: false, action: 'reject', relation: 'loads', sqlstate: 'RV003' });
    expect(refused.evidence).toMatchObject({ lambdaPpm: 52_632, witnessTypes: ['queue'] });
    expect(integrity.check('drain').allowed).toBe(true);
    expect(integrity.check('liveness').allowed).toBe(true);

    integrity.graph.updateNode('w2', { health: 1 });
    let taken = 0;
    while (integrity.state !== 'normal' && taken < 100) {
      samples(1);
      taken++;
    }
    // Twice a cooldown of 10 s and a hold of 60 s, rounded up to the samples that see their ends.
    expect(taken * 5000).toBeLessThanOrEqual(2 * (10_000 + 60_000 + 5000));
    const seen: string[] = [];
    for await (const { type, body } of log.entries())
      if (type === 'transition') seen.push(`${body.from} ${body.to}`);
    expect(seen).toEqual(['unknown normal', 'normal critical', 'critical stress', 'stress normal']);
  });

  it('leaves a log that verifies and replays to the same states', async () => {
    const random = new Random(9);
    integrity.offer({ job: 38 });
    for (let i = 0; i < 120; i++) {
      if (random.below(12) === 0) integrity.graph.updateNode('w2', { health: random.below(3) / 2 });
      if (random.below(40) === 0)
        integrity.override({
          state: 'stress',
          reason: 'drill',
          actor: 'ops',
          forMs: 1 + random.below(40_000),
        });
      if (random.below(60) === 0) now += 45_000;
      if (random.below(9) === 0) integrity.tick();
      samples(1);
    }
    await log.flush();
    const records = await store.read(0, store.size);
    const report = await verifyLog(records, { trustedKeys: [createSigner(seed).fingerprint] });
    expect([report.ok, report.size]).toEqual([true, log.head.size]);
    const replay = await replayLog(log.entries(), states);
    expect(replay.mismatches).toEqual([]);
    expect(replay.transitions.length).toBeGreaterThan(4);
    // Ticks without a transition are not recorded; they move nothing but the clock.
    expect({ ...replay.state, now: 0 }).toEqual({ ...integrity.integrityState, now: 0 });
  });

  it('tells a transition that somebody made up from one that followed', async () => {
    integrity.offer({ job: 38 });
    samples(4);
    log.append({ type: 'transition', body: { from: 'normal', to: 'critical', at: now } });
    samples(1);
    const { mismatches } = await replayLog(log.entries(), states);
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]?.message).toMatch(/that nothing leads to/);
  });

  it('counts offered load at the gate, refused or not, so that refusing does not look like relief', async () => {
    const counted = createIntegrity(options({ offeredFrom: { job: ['submit'] }, log: undefined as never }));
    build(counted);
    counted.graph.updateNode('w2', { health: 0 });
    integrity = counted;
    let refused = 0;
    for (let i = 0; i < 12; i++) {
      for (let k = 0; k < 190; k++) if (!counted.check('submit').allowed) refused++;
      samples(1);
    }
    expect(refused).toBeGreaterThan(1000);
    expect([counted.state, counted.lastSample?.lambdaPpm]).toEqual(['critical', 52_632]);
    expect(errorOf(() => counted.offer({ job: 1 })).field).toBe('rates.job');
  });

  it('gives the rates it measured to who tells them to the edges, and goes by the same ones', () => {
    const counted = createIntegrity(options({ offeredFrom: { job: ['submit'] }, log: undefined as never }));
    build(counted);
    integrity = counted;
    expect(counted.measureOffered()).toEqual({});
    counted.sample();
    for (let k = 0; k < 200; k++) counted.check('submit');
    now += 5000;
    expect(counted.measureOffered()).toEqual({ job: 40 });
    // A millisecond later one more would be a rate of 1,000 a second.
    counted.check('submit');
    now += 1;
    // 80 through two workers for 40 asked is whole: lambda 1, as of a sample that measured by itself.
    expect(counted.sample().lambdaPpm).toBe(1_000_000);
    expect(counted.measureOffered()).toEqual({ job: 1000 });
  });

  it('treats a signal that fails as no data, not as good news', () => {
    const broken = createIntegrity(
      options({
        signals: { ...options().signals, navigability: { nodeTypes: ['r'], edgeTypes: ['l'], baseline: 1 } },
      }),
    );
    build(broken);
    integrity = broken;
    samples(8);
    expect([broken.state, broken.lastSample?.lambdaPpm]).toEqual(['unknown', null]);
    expect(broken.lastSample?.signals[1]).toMatchObject({ name: 'navigability', lambdaPpm: null });
    expect(broken.check('submit')).toMatchObject({ allowed: true, reason: 'unknown-state' });
    // But what the others show can be bad enough by itself.
    broken.offer({ job: 38 });
    broken.graph.updateNode('w2', { health: 0 });
    samples(2);
    expect([broken.state, broken.lastSample?.lambdaPpm]).toEqual(['critical', null]);
  });

  it('names no cut where what decided has none: it would blame edges that have nothing to do with it', () => {
    integrity.offer({ job: 10 });
    integrity.reserve('disk', { free: 100, growth: 10, reactionSeconds: 120 });
    samples(2);
    const { lambdaPpm, witness, side, signals } = integrity.sample();
    expect([lambdaPpm, witness, side]).toEqual([0, [], []]);
    expect(signals[0]?.about).toBe('reserve disk');
    // Nothing offered: nothing decided, and the weakest part of the graph is what there is to show.
    integrity.reserve('disk', null);
    integrity.offer({ job: 0 });
    expect(integrity.sample().witness.length).toBeGreaterThan(0);
  });

  it('goes to unknown when samples stop coming', () => {
    samples(4);
    expect(integrity.state).toBe('normal');
    now += 31_000;
    integrity.tick();
    expect(integrity.state).toBe('unknown');
    // Without even a tick the gate looks at the age itself.
    samples(4);
    now += 31_000;
    expect(integrity.check('submit')).toMatchObject({ basis: 'stale', state: 'unknown' });
  });

  it('obeys an override until it ends, and records who and why', async () => {
    samples(4);
    integrity.override({ state: 'critical', reason: 'disk swap', actor: 'ada', forMs: 12_000 });
    expect(integrity.check('bulk_insert').allowed).toBe(false);
    samples(1);
    expect(integrity.state).toBe('critical');
    samples(2);
    expect(integrity.state).toBe('normal');
    const overrides: unknown[] = [];
    for await (const { type, body } of log.entries()) if (type === 'override') overrides.push(body.input);
    expect(overrides).toEqual([
      {
        type: 'override',
        now: start + 20_000,
        state: 'critical',
        reason: 'disk swap',
        actor: 'ada',
        until: start + 32_000,
      },
    ]);
    expect(
      errorOf(() => integrity.override({ state: 'normal', reason: '', actor: 'x', forMs: 1 })).field,
    ).toBe('reason');
  });

  it('changes its policy whole or not at all, and records it', async () => {
    samples(4);
    const bad = { rules: { critical: { high: { action: 'alow' } } } } as never;
    expect(errorOf(() => integrity.setPolicy({ actor: 'ada', reason: 'typo', policy: bad })).code).toBe(
      'ERR_INTEGRITY_POLICY',
    );
    expect(integrity.gate.mode).toBe('enforce');
    integrity.setPolicy({ actor: 'ada', reason: 'watch first', mode: 'observe' });
    integrity.override({ state: 'critical', reason: 'drill', actor: 'ada', forMs: 1000 });
    expect(integrity.check('index_rebuild')).toMatchObject({ allowed: true, wouldBe: 'reject' });
    const bodies: unknown[] = [];
    for await (const { type, body } of log.entries()) if (type === 'policy') bodies.push(body);
    expect(bodies).toEqual([{ actor: 'ada', reason: 'watch first', mode: 'observe' }]);
  });

  it('guards a function: runs it, or throws a coded error, and gives its place back', async () => {
    samples(4);
    expect(await integrity.guard('search', async () => 41 + 1)).toBe(42);
    await expect(
      integrity.guard('search', () => {
        throw new RangeError('its own');
      }),
    ).rejects.toThrow(/its own/);
    integrity.override({ state: 'critical', reason: 'drill', actor: 'ada', forMs: 60_000 });
    let code = '';
    await integrity
      .guard('index_rebuild', () => 1)
      .catch((error) => {
        code = error.code;
      });
    expect(code).toBe('ERR_INTEGRITY_REJECTED');
    expect(integrity.gate.counters().inFlight.low).toBe(0);
  });

  it('goes on protecting when the log cannot take more, and tells it afterwards', async () => {
    for (const [onAuditFailure, state] of [
      ['publish', 'critical'],
      ['unknown', 'unknown'],
    ] as const) {
      now = start;
      const disk = memoryStore();
      let full = false;
      const failing: AuditStore = {
        get size() {
          return disk.size;
        },
        append: (seq, records) =>
          full ? Promise.reject(new Error('ENOSPC: no space left on device')) : disk.append(seq, records),
        read: (from, to) => disk.read(from, to),
        sync: () => disk.sync(),
        close: () => disk.close(),
      };
      const stuck = await AuditLog.open(failing, {
        origin: 'example.com/full',
        signer: createSigner(seed),
        clock: () => now,
        maxPending: 3,
      });
      integrity = createIntegrity(options({ log: stuck, onAuditFailure }));
      await stuck.flush();
      build(integrity);
      integrity.offer({ job: 38 });
      for (let i = 0; i < 3; i++) {
        samples(1);
        await stuck.flush();
      }
      full = true;
      samples(1);
      integrity.graph.updateNode('w2', { health: 0 });
      samples(6);
      expect(integrity.state).toBe('critical');
      expect(integrity.check('submit').state).toBe(state);
      const failure = integrity.auditFailure;
      expect(failure?.unrecorded).toBe(5);
      expect((failure?.cause as IntegrityError | undefined)?.code).toBe('ERR_INTEGRITY_STORE');
      // Nothing else proves the state meanwhile.
      integrity.tick();
      expect(integrity.check('submit').state).toBe(state);
      integrity.setPolicy({ actor: 'ada', reason: 'x', mode: 'enforce' });
      expect(integrity.check('submit').state).toBe(state);
      full = false;
      await stuck.flush();
      samples(1);
      expect(integrity.auditFailure).toBeUndefined();
      const missing: unknown[] = [];
      for await (const { body } of stuck.entries()) missing.push(body.unrecordedBefore);
      expect(missing.filter((each) => each !== undefined)).toEqual([6]);
      expect(integrity.check('submit').state).toBe('critical');
    }
  });

  it('tells subscribers, until they leave', () => {
    const seen: string[] = [];
    const leave = [
      integrity.onSample(({ lambdaPpm }) => seen.push(`sample ${lambdaPpm}`)),
      integrity.onTransition(({ from, to, record }) => seen.push(`${from} ${to} ${record?.type}`)),
      integrity.onEntry(({ type }) => seen.push(`entry ${type}`)),
    ];
    samples(3);
    expect(seen.slice(-4)).toEqual([
      'entry sample',
      'entry transition',
      'unknown normal transition',
      'sample 1000000',
    ]);
    for (const each of leave) each();
    samples(1);
    expect(seen).toHaveLength(8);
  });

  it('shows everything as JSON', () => {
    integrity.offer({ job: 50 });
    samples(4);
    const view = integrity.view();
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
    expect(view.graph.edges.map(({ source, weight }) => [source, weight])).toEqual([
      ['clients', 40],
      ['clients', 40],
      ['w1', 200],
      ['w2', 200],
    ]);
    expect(view.history.map(({ lambdaPpm }) => lambdaPpm)).toEqual([600_000, 600_000, 600_000, 600_000]);
    expect(view.log?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(view.log?.health).toBe('ok');
  });

  it('refuses contracts that do not hold together', () => {
    const bad: [Partial<IntegrityOptions>, string][] = [
      [{ signals: {} }, 'signals'],
      [{ signals: { flaw: {} } as never }, 'signals.flaw'],
      [{ clock: 5 as never }, 'options.clock'],
      [{ name: '' }, 'options.name'],
      [{ offeredFrom: { disk: ['x'] } }, 'offeredFrom.disk'],
      [{ history: -1 }, 'options.history'],
      [{ interval: 3 } as never, 'options.interval'],
      [{ states: { thresholds: { enterStressPpm: 100 } } }, 'thresholds.enterCriticalPpm'],
    ];
    for (const [change, field] of bad)
      expect(errorOf(() => createIntegrity(options(change))).field).toBe(field);
    expect(errorOf(() => integrity.offer({ jobs: 1 })).field).toBe('rates.jobs');
    expect(errorOf(() => integrity.offer({ job: Number.NaN })).code).toBe('ERR_INTEGRITY_CAPACITY');
  });
});
