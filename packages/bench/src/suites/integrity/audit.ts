/**
 * The log: sealing a record, storing it under each fsync policy, verifying; and the cryptography below it against noble.
 *
 * `seal` and `p99` are of the part of `append` that its caller waits for: canonical bytes, hash, signature, tree. `rate` is that of a
 * burst, stored behind it in groups. `durable` is one record alone, awaited: with `always` an fsync. `sign` and `sign p99` are the signer
 * alone on as many messages of that length, in the same round: the part of `seal` that is not ours to make faster.
 */
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditLog, AuditStore, CryptoProvider, Signer } from '@ruvector/integrity';
import type { FsyncPolicy } from '@ruvector/integrity/node';
import { BenchError } from '../../errors.js';
import { findPackage } from '../../fingerprint.js';
import { elapsedMs, repeatFor } from '../../measure.js';
import { median, quantile } from '../../statistics.js';
import type { Case, Entrant, PreparedCase } from '../../suite.js';
import type { Library } from './ours.js';
import { without } from './peers.js';

const START = 1_700_000_000_000;
const ORIGIN = 'example.com/bench';
/** Bytes of a message: about those of a record. */
const MESSAGE_BYTES = 400;

/** An event such as the state machine writes. */
function event(i: number) {
  return {
    type: 'transition',
    body: {
      from: i % 2 === 0 ? 'normal' : 'stress',
      to: i % 2 === 0 ? 'stress' : 'normal',
      lambda: 412_345 + i,
      reasons: ['worsened', 'samples 3 of 3'],
      witness: { edges: 12, sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
    },
  };
}

export interface StoreKind {
  readonly name: string;
  /** Undefined: in memory. */
  readonly fsync?: FsyncPolicy;
}

export const storeKinds: readonly StoreKind[] = [
  { name: 'memory' },
  { name: 'file, fsync never', fsync: 'never' },
  { name: 'file, fsync interval', fsync: 'interval' },
  { name: 'file, fsync always', fsync: 'always' },
];

/** Where files are made: on the repository's file system, since that of temporary files is often memory. */
async function scratchFolder(): Promise<string> {
  const { root } = findPackage(import.meta.dirname, '@ruvector/bench');
  const folder = join(root, '..', '..', '.cache', 'bench');
  await mkdir(folder, { recursive: true });
  return folder;
}

const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext2, ext3 or ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  2035054128: 'overlayfs',
  16914836: 'tmpfs (memory: fsync costs nothing)',
};

/** The kind of the file system that the log's files lie on. */
export async function fileSystem(): Promise<string> {
  const { type } = await statfs(await scratchFolder());
  return fileSystems[type] ?? `type 0x${type.toString(16)}`;
}

/** Logs of a case, each in a store of its own. */
class Logs implements AsyncDisposable {
  readonly signer: Signer;
  readonly #library: Library;
  readonly #kind: StoreKind;
  readonly #directory: string | undefined;
  #files = 0;

  private constructor(library: Library, kind: StoreKind, directory: string | undefined) {
    this.#library = library;
    this.#kind = kind;
    this.#directory = directory;
    this.signer = library.createSigner(new Uint8Array(32).fill(7));
  }

  static async open(library: Library, kind: StoreKind): Promise<Logs> {
    const directory =
      kind.fsync === undefined ? undefined : await mkdtemp(join(await scratchFolder(), 'audit-'));
    return new Logs(library, kind, directory);
  }

  async begin(): Promise<{ readonly log: AuditLog; readonly store: AuditStore }> {
    const { fsync } = this.#kind;
    let store: AuditStore;
    if (fsync === undefined) store = this.#library.memoryStore();
    else {
      const { fileStore } = await import('@ruvector/integrity/node');
      store = await fileStore(join(this.#directory as string, `${this.#files++}.log`), { fsync });
    }
    let now = START;
    const options = { origin: ORIGIN, signer: this.signer, clock: () => now++ };
    return { log: await this.#library.AuditLog.open(store, options), store };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Appends to a new log. */
export function appendCase(library: Library, kind: StoreKind, records: number): Case {
  const alone = Math.ceil(records / 10);
  return {
    name: `append, ${kind.name}`,
    parameters: { store: kind.name, records, alone },
    metrics: [
      { name: 'seal', unit: 'us/record', better: 'lower' },
      { name: 'p99', unit: 'us/record', better: 'lower' },
      { name: 'sign', unit: 'us/record', better: 'lower' },
      { name: 'sign p99', unit: 'us/record', better: 'lower' },
      { name: 'rate', unit: 'records/s', better: 'higher' },
      { name: 'durable', unit: 'ms/record', better: 'lower' },
      { name: 'bytes', unit: 'bytes/record', better: 'lower' },
    ],
    absent: without([], 'log'),
    prepare: async (): Promise<PreparedCase> => {
      const logs = await Logs.open(library, kind);
      const ours: Entrant = {
        name: 'ruvector',
        sample: async () => {
          const { log } = await logs.begin();
          let bytes = 0;
          const start = performance.now();
          const seals = Array.from({ length: records }, (_, i) =>
            elapsedMs(() => {
              bytes += log.append(event(i)).bytes.length;
            }),
          );
          await log.flush();
          const all = performance.now() - start;
          const waits: number[] = [];
          for (let i = 0; i < alone; i++) {
            const before = performance.now();
            await log.append(event(i)).durable;
            waits.push(performance.now() - before);
          }
          await log.close();
          const message = new Uint8Array(MESSAGE_BYTES).fill(1);
          const signs = Array.from({ length: records }, () => elapsedMs(() => logs.signer.sign(message)));
          return {
            sign: 1000 * median(signs),
            'sign p99': 1000 * quantile(signs, 0.99),
            seal: 1000 * median(seals),
            p99: 1000 * quantile(seals, 0.99),
            rate: (1000 * records) / all,
            durable: median(waits),
            bytes: bytes / records,
          };
        },
      };
      return {
        entrants: [ours],
        verify: async () => {
          const { log, store } = await logs.begin();
          for (let i = 0; i < records; i++) log.append(event(i));
          const checkpoint = await log.checkpoint();
          const report = await library.verifyLog(library.readStore(store), {
            trustedKeys: [logs.signer.fingerprint],
            checkpoints: [checkpoint],
          });
          await log.close();
          if (!report.ok || log.head.size !== records + 1)
            throw new BenchError(
              'BENCH_DISAGREEMENT',
              `a log of ${records} events has ${log.head.size} records and verifies: ${report.ok}`,
            );
        },
        [Symbol.asyncDispose]: () => logs[Symbol.asyncDispose](),
      };
    },
  };
}

/** Verifies a log that is in memory. */
export function verifyCase(library: Library, signatures: 'all' | 'chain', records: number): Case {
  return {
    name: `verify log, ${signatures === 'all' ? 'every signature' : 'chain'}`,
    parameters: { signatures, records },
    metrics: [{ name: 'rate', unit: 'records/s', better: 'higher' }],
    absent: without([], 'log'),
    prepare: async (): Promise<PreparedCase> => {
      await using logs = await Logs.open(library, { name: 'memory' });
      const { log, store } = await logs.begin();
      for (let i = 0; i < records; i++) log.append(event(i));
      await log.flush();
      const lines = await store.read(0, records + 1);
      const options = { trustedKeys: [logs.signer.fingerprint], signatures };
      return {
        entrants: [
          {
            name: 'ruvector',
            sample: async () => {
              const start = performance.now();
              await library.verifyLog(lines, options);
              return { rate: (1000 * lines.length) / (performance.now() - start) };
            },
          },
        ],
        verify: async () => {
          const sound = await library.verifyLog(lines, options);
          const damaged = lines.map((line) => line.slice());
          const middle = damaged[records >> 1] as Uint8Array;
          middle[middle.length >> 1] = (middle[middle.length >> 1] as number) ^ 1;
          const found = await library.verifyLog(damaged, options);
          if (!sound.ok || found.ok)
            throw new BenchError(
              'BENCH_DISAGREEMENT',
              `the log verifies: ${sound.ok}; one bit changed: ${found.ok}`,
            );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

export const cryptoOperations = ['sign', 'verify', 'sha256'] as const;

function operate(crypto: CryptoProvider, operation: (typeof cryptoOperations)[number]): () => unknown {
  const message = new Uint8Array(MESSAGE_BYTES).fill(1);
  const key = crypto.ed25519Key(new Uint8Array(32).fill(7));
  if (operation === 'sha256') return () => crypto.sha256(message);
  if (operation === 'sign') return () => key.sign(message);
  const signature = key.sign(message);
  return () => crypto.ed25519Verify(key.publicKey, message, signature);
}

/** The host's cryptography, which a log takes by default, against noble's, which it takes elsewhere. */
export function cryptoCase(library: Library, operation: (typeof cryptoOperations)[number]): Case {
  return {
    name: operation === 'sha256' ? 'SHA-256' : `Ed25519 ${operation}`,
    parameters: { operation, bytes: MESSAGE_BYTES },
    metrics: [{ name: 'time', unit: 'us/call', better: 'lower' }],
    absent: without(['noble'], 'cryptography'),
    prepare: async (_session, { budget }): Promise<PreparedCase> => {
      const providers = { ruvector: library.defaultCrypto(), noble: library.nobleCrypto() };
      const entrants = Object.entries(providers).map(([name, crypto]): Entrant => {
        const work = operate(crypto, operation);
        const sample = repeatFor(budget.minTimeMs, (iterations) =>
          elapsedMs(() => {
            for (let i = 0; i < iterations; i++) work();
          }),
        );
        return { name, sample: async () => ({ time: (await sample()) * 1000 }) };
      });
      return {
        entrants,
        verify: () => {
          const [ours, noble] = Object.values(providers).map((crypto) =>
            String(operate(crypto, operation)()),
          );
          if (ours !== noble || ours === 'false')
            throw new BenchError('BENCH_DISAGREEMENT', `${operation}: ${ours} here, ${noble} of noble`);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
