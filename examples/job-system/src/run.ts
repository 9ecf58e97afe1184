/** One run: the system, its clients, its watch and the fault. */
import {
  AuditLog,
  createSigner,
  fingerprint,
  type GateMode,
  type GatePolicyInput,
  memoryStore,
  readStore,
  replayLog,
  verifyLog,
  type WitnessEdge,
} from '@ruvector/integrity';
import { Clients } from './clients.js';
import { JobSystem } from './job-system.js';
import { type Fault, INTERVAL_MS, type Interval, Metrics, type Summary, summarise } from './metrics.js';
import { Random } from './random.js';
import { type Time, VirtualTime } from './time.js';
import { POLICY, SAMPLE_MS, STATES, watch } from './watch.js';

export const DURATION_MS = 600_000;
/** Half of the workers die. */
export const FAULT: Fault & { readonly workers: readonly string[] } = {
  atSecond: 60,
  forSeconds: 120,
  workers: ['w3', 'w4'],
};
/** So long jobs of the last interval are waited for. */
export const DRAIN_MS = 5000;
/** Virtual time begins here: 2026-01-01T00:00:00Z. */
const EPOCH = 1_767_225_600_000;

/** A transition as the log tells of it. */
export interface LoggedTransition {
  readonly seq: number;
  readonly second: number;
  readonly from: string;
  readonly to: string;
  readonly lambdaPpm: number | null;
  readonly binding: string;
  readonly witness: readonly Pick<WitnessEdge, 'source' | 'target' | 'type'>[];
}

export interface LogReport {
  readonly records: number;
  /** Whether signatures, chain and tree hold, against a checkpoint that was signed at the end. */
  readonly verified: boolean;
  /** Whether a replay of the samples gives the transitions that the log tells of. */
  readonly replayed: boolean;
  readonly root: string;
  readonly transitions: readonly LoggedTransition[];
}

export interface RunResult {
  readonly mode: GateMode;
  readonly seed: number;
  readonly intervals: readonly Interval[];
  readonly summary: Summary;
  readonly log: LogReport;
}

export interface RunOptions {
  readonly mode: GateMode;
  /** 0 to 2^32 - 1. */
  readonly seed: number;
  readonly policy?: GatePolicyInput;
  /** Told after each ten seconds. */
  readonly onInterval?: (interval: Interval) => void;
}

/** The key of the example's log: anybody can sign with it. A real one comes from `integrity keygen`. */
const signer = createSigner(new Uint8Array(32).fill(7));

/** A run on a clock that jumps: ten minutes in about a second. The same options give the same result. */
export async function runVirtual(options: RunOptions): Promise<RunResult> {
  const time = new VirtualTime(EPOCH);
  const run = await begin(time, options);
  time.runUntil(EPOCH + DURATION_MS + DRAIN_MS);
  return run.finish();
}

/** The same on the machine's clock: it takes the ten minutes. */
export async function runReal(time: Time, options: RunOptions): Promise<RunResult> {
  const run = await begin(time, options);
  await new Promise<void>((resolve) => {
    time.after(DURATION_MS + DRAIN_MS, resolve);
  });
  return run.finish();
}

async function begin(
  time: Time,
  { mode, seed, policy = POLICY, onInterval }: RunOptions,
): Promise<{ finish(): Promise<RunResult> }> {
  const start = time.now();
  const clock = (): number => Math.floor(time.now());
  const store = memoryStore();
  const log = await AuditLog.open(store, { origin: 'example.com/job-system', signer, clock });
  const jitter = new Random(seed, 'gate');
  const watched = watch(clock, () => jitter.float(), mode, log, policy);
  const system = new JobSystem(time, watched.door);
  const metrics = new Metrics(start, DURATION_MS);
  const clients = new Clients(time, system, metrics, seed);
  const { integrity } = watched;

  every(time, SAMPLE_MS, DURATION_MS / SAMPLE_MS, () => watched.sample(system));
  every(time, INTERVAL_MS, DURATION_MS / INTERVAL_MS, () => {
    const { front, batch } = system.measure().queues;
    metrics.end({
      queued: front + batch,
      lambdaPpm: integrity.lastSample?.lambdaPpm ?? null,
      state: integrity.state,
    });
    onInterval?.(metrics.intervals().at(-1)!);
  });
  time.after(FAULT.atSecond * 1000, () => {
    for (const name of FAULT.workers) system.kill(name);
  });
  time.after((FAULT.atSecond + FAULT.forSeconds) * 1000, () => {
    for (const name of FAULT.workers) system.revive(name);
  });

  return {
    finish: async () => {
      clients.stop();
      system.stop();
      return {
        mode,
        seed,
        intervals: metrics.intervals(),
        summary: summarise(metrics, FAULT),
        log: await check(log, store, start),
      };
    },
  };
}

/** Calls something at multiples of a time, so many times. */
function every(time: Time, ms: number, times: number, run: () => void): void {
  const start = time.now();
  const turn = (n: number): void => {
    if (n > times) return;
    time.after(Math.max(0, start + n * ms - time.now()), () => {
      run();
      turn(n + 1);
    });
  };
  turn(1);
}

/** Verifies the log as a stranger would, who has its bytes, the fingerprint of its key and a checkpoint. */
async function check(
  log: AuditLog,
  store: ReturnType<typeof memoryStore>,
  start: number,
): Promise<LogReport> {
  const checkpoint = await log.checkpoint();
  const report = await verifyLog(readStore(store), {
    trustedKeys: [fingerprint(signer.publicKey)],
    checkpoints: [checkpoint],
  });
  const replay = await replayLog(log.entries(), STATES);
  const transitions: LoggedTransition[] = [];
  for await (const { seq, at, type, body } of log.entries()) {
    if (type !== 'transition') continue;
    const { edges } = body.witness as unknown as { readonly edges: readonly WitnessEdge[] };
    const binding = body.signals as unknown as readonly { readonly about: string }[];
    transitions.push({
      seq,
      second: Math.round((at - start) / 1000),
      from: body.from as string,
      to: body.to as string,
      lambdaPpm: body.lambdaPpm as number | null,
      binding: binding[0]?.about ?? '',
      witness: edges.map(({ source, target, type: edge }) => ({ source, target, type: edge })),
    });
  }
  return {
    records: report.size,
    verified: report.ok,
    replayed: replay.mismatches.length === 0,
    root: report.root,
    transitions,
  };
}
