/**
 * A view of a log file: what its records tell of the system that wrote them. For looking into a log, while it is written or long
 * after.
 *
 * A log has less than a running system: of the graph it names the last cut, of the gate nothing that is shown, and thresholds are
 * the options of whoever wrote it. Records that this package did not write are shown in the chain and are otherwise left alone.
 */
import type { ServedEntry, ServedView, ViewSource } from '../../adapters/source.js';
import type { CanonicalObject, CanonicalValue } from '../../audit/canonical.js';
import { RecordSplitter } from '../../audit/frames.js';
import type { Keyring } from '../../audit/keyring.js';
import { CompactTree, hashLeaf } from '../../audit/merkle.js';
import { emptyHead, type LogRecord, parseRecord, recordHash } from '../../audit/record.js';
import { LogVerifier } from '../../audit/verify.js';
import { resolveStateOptions, type StateMachineOptions } from '../../control/state-options.js';
import { STATE_NAMES, type StateName } from '../../control/states.js';
import { toBase64, toHex } from '../../crypto/bytes.js';
import { defaultCrypto } from '../../crypto/provider.js';
import { IntegrityError, throwIfAborted } from '../../errors.js';
import type { HistoryPoint, SampleView, SignalView, WitnessEdge } from '../../runtime/view.js';
import { entryView } from '../../runtime/views.js';
import { type LogFile, openForReading, storeError } from '../log-file.js';

const windowBytes = 1 << 18;
const shownEntries = 48;
const shownHistory = 720;

export interface LogFileViewOptions {
  /** Fingerprints of keys that may have begun the log; default: whichever did. */
  readonly trustedKeys?: readonly string[];
  /** Of the system that wrote the log, for its thresholds; default: the defaults. */
  readonly states?: StateMachineOptions;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly signal?: AbortSignal;
}

function objectOf(value: CanonicalValue | undefined): CanonicalObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as CanonicalObject)
    : {};
}

function listOf(value: CanonicalValue | undefined): readonly CanonicalObject[] {
  return Array.isArray(value) ? value.map((element) => objectOf(element as CanonicalValue)) : [];
}

function textOf(value: CanonicalValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function ppmOf(value: CanonicalValue | undefined): number | null {
  return typeof value === 'number' && value >= 0 && value <= 1_000_000 ? value : null;
}

function stateOf(value: CanonicalValue | undefined): StateName | undefined {
  return STATE_NAMES.find((name) => name === value);
}

/** A number that an event has as text; NaN for anything else. */
function numberOf(value: CanonicalValue | undefined): number {
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}

/** Follows a file. `refresh` reads what has come; nothing else touches the disk. */
export class LogFileView implements ViewSource {
  readonly #file: LogFile;
  readonly #path: string;
  readonly #options: LogFileViewOptions;
  readonly #crypto = defaultCrypto();
  readonly #splitter = new RecordSplitter();
  readonly #tree = new CompactTree(this.#crypto);
  readonly #thresholds: ServedView['thresholds'];
  readonly #listeners = new Set<() => void>();
  readonly #history: HistoryPoint[] = [];
  #verifier: LogVerifier | undefined;
  #entries: ServedEntry[] = [];
  #read = 0;
  #hash = emptyHead.hash;
  #problem: string | undefined;
  #state: StateName = 'unknown';
  #since = 0;
  #at = 0;
  #sample: SampleView | null = null;
  #witness: readonly WitnessEdge[] = [];
  #side: readonly string[] = [];

  private constructor(file: LogFile, path: string, options: LogFileViewOptions) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
    this.#thresholds = resolveStateOptions(options.states).thresholds;
  }

  /**
   * Opens a file and reads it to its end.
   *
   * @throws IntegrityError `ERR_INTEGRITY_STORE`, `ERR_INTEGRITY_ABORTED`; what is wrong with the records is shown, not thrown
   */
  static async open(path: string, options: LogFileViewOptions): Promise<LogFileView> {
    const file = await openForReading(path);
    const view = new LogFileView(file, path, options);
    try {
      await view.refresh();
      return view;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Records so far. */
  get size(): number {
    return this.#tree.size;
  }

  /** What is wrong with the log, the first of it; undefined while nothing is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The key that began the log. */
  get firstKey(): string | undefined {
    return this.#verifier?.keyring?.keys[0]?.fingerprint;
  }

  /** Reads what has been appended. @returns how many records came */
  async refresh(): Promise<number> {
    const before = this.size;
    const size = await this.#file.size();
    if (size < this.#read)
      this.#object(`the file became shorter: ${size} bytes, where ${this.#read} have been read`);
    while (this.#read < size) {
      throwIfAborted(this.#options.signal);
      const bytes = await this.#file.read(this.#read, Math.min(windowBytes, size - this.#read));
      if (bytes.length === 0) throw storeError(`${this.#path} became shorter while it was read`);
      this.#read += bytes.length;
      for (const line of this.#splitter.push(bytes)) this.#take(line);
    }
    const came = this.size - before;
    if (came > 0) for (const listener of this.#listeners) listener();
    return came;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  onEntry(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #object(problem: string): void {
    this.#problem ??= problem;
  }

  #take(bytes: Uint8Array): void {
    const place = this.size;
    this.#tree.append(hashLeaf(bytes, this.#crypto));
    const before = this.#hash;
    this.#hash = recordHash(bytes, this.#crypto);
    let record: LogRecord;
    try {
      record = parseRecord(bytes);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      this.#object(`line ${place + 1} is not a record: ${error.message}`);
      return;
    }
    // The verifier follows the keys; what it would say at the end of the log is said here of each record.
    const trusted = this.#options.trustedKeys ?? (record.key === undefined ? [] : [record.key]);
    if (this.#verifier === undefined && trusted.length > 0)
      this.#verifier = new LogVerifier({ trustedKeys: trusted, signatures: 'chain' });
    const keyring = this.#verifier?.keyring;
    let objection = this.#objection(record, place, before, keyring);
    this.#verifier?.push(bytes);
    if (place === 0) objection ??= this.#signature(record, this.#verifier?.keyring);
    if (objection !== undefined) this.#object(`record ${place}: ${objection}`);
    this.#entries.push({ ...entryView({ bytes, hash: this.#hash }), verified: objection === undefined });
    if (this.#entries.length > shownEntries) this.#entries.shift();
    this.#at = record.at;
    this.#tell(record);
  }

  /** What speaks against a record; `keyring` is that of the records before it. */
  #objection(
    record: LogRecord,
    place: number,
    before: string,
    keyring: Keyring | undefined,
  ): string | undefined {
    if (record.seq !== place) return `it says that it is number ${record.seq}`;
    if (record.prev !== before) return 'its prev is not the hash of the record before';
    const { trustedKeys } = this.#options;
    if (place === 0 && trustedKeys !== undefined && !trustedKeys.includes(record.key ?? ''))
      return `the log begins with key ${record.key ?? 'none'}, which is not one of those that are trusted`;
    // The genesis record brings the keys with which it is checked.
    if (place === 0) return undefined;
    if (keyring === undefined) return 'the log has no genesis record that names keys';
    if (record.key === undefined)
      return keyring.allowsUnsigned(record.type) ? undefined : 'it is not signed, and its type has to be';
    const refused = keyring.objection(record.key, record.type, record.seq);
    if (refused !== undefined) return refused;
    return this.#signature(record, keyring);
  }

  #signature({ key, message, signature }: LogRecord, keyring: Keyring | undefined): string | undefined {
    if (keyring === undefined) return 'it is no genesis record that names keys';
    const known = key === undefined ? undefined : keyring.find(key);
    const holds =
      known !== undefined &&
      signature !== undefined &&
      this.#crypto.ed25519Verify(known.publicKey, message, signature);
    return holds ? undefined : 'its signature does not verify';
  }

  /** Takes from a record what it says of the system. */
  #tell({ type, at, body }: LogRecord): void {
    if (type === 'transition') {
      const to = stateOf(body.to);
      if (to === undefined) return;
      this.#state = to;
      this.#since = at;
      this.#witness = listOf(objectOf(body.witness).edges).map(
        ({ source, target, type: kind, directed, weight }) => ({
          source: textOf(source),
          target: textOf(target),
          type: textOf(kind),
          directed: directed === true,
          weight: numberOf(weight),
        }),
      );
      const { nodes } = objectOf(body.side);
      this.#side = Array.isArray(nodes)
        ? nodes.filter((name): name is string => typeof name === 'string')
        : [];
      if (this.#sample !== null) this.#sample = { ...this.#sample, witness: this.#witness, side: this.#side };
      const last = this.#history.pop();
      if (last !== undefined) this.#history.push({ ...last, state: to });
      return;
    }
    if (type !== 'sample') return;
    const lambdaPpm = ppmOf(objectOf(body.input).lambdaPpm);
    const signals = listOf(body.signals).map(
      (signal): SignalView => ({
        name: textOf(signal.name),
        lambdaPpm: ppmOf(signal.lambdaPpm),
        about: textOf(signal.about),
      }),
    );
    this.#sample = {
      at,
      lambdaPpm,
      signals,
      binding: typeof body.binding === 'string' ? body.binding : null,
      witness: this.#witness,
      side: this.#side,
      components: typeof body.components === 'number' ? body.components : 1,
      minCut: numberOf(body.minCut),
      lambda2: null,
      durationMs: null,
    };
    this.#history.push({ at, lambdaPpm, state: this.#state });
    if (this.#history.length > shownHistory) this.#history.shift();
  }

  #graph(): ServedView['graph'] {
    const names = new Set<string>();
    for (const { source, target } of this.#witness) names.add(source).add(target);
    return {
      version: this.#entries.length,
      nodes: [...names].map((name) => ({ name, type: 'end of the cut', health: 1, weight: 1 })),
      edges: this.#witness.map((edge) => ({ ...edge, capacity: edge.weight, demand: 0, health: 1 })),
    };
  }

  view(): ServedView {
    const keyring = this.#verifier?.keyring;
    return {
      name: keyring === undefined ? this.#path : `${keyring.origin} (log)`,
      at: this.#options.clock(),
      state: {
        version: 1,
        state: this.#state,
        measured: this.#state,
        held: this.#state === 'unknown' ? 'normal' : this.#state,
        since: this.#since,
        now: this.#at,
        stressCount: 0,
        criticalCount: 0,
        returnCount: 0,
      },
      thresholds: this.#thresholds,
      sample: this.#sample,
      history: [...this.#history],
      graph: this.#graph(),
      mode: 'observe',
      gate: [],
      log: {
        size: this.size,
        root: toHex(this.#tree.root()),
        health: this.#problem ?? 'ok',
        entries: [...this.#entries],
        keys: (keyring?.keys ?? []).map(({ fingerprint, publicKey }) => ({
          fingerprint,
          publicKey: toBase64(publicKey),
        })),
      },
    };
  }
}
