/** From the running parts to what a page shows. */
import type { ServedEntry, ServedKey, ServedLog } from '../adapters/source.js';
import { canonicalBytes } from '../audit/canonical.js';
import type { AuditLog } from '../audit/log.js';
import { parseRecord, type SealedRecord } from '../audit/record.js';
import type { GateCounters } from '../control/gate-types.js';
import { OPERATION_CLASSES } from '../control/policy-types.js';
import { toBase64, toHex } from '../crypto/bytes.js';
import { decodeUtf8 } from '../crypto/utf8.js';
import type { GraphSnapshot } from '../graph/snapshot.js';
import type { GateCount, GraphView } from './view.js';

export function graphView({ version, nodes, edges, weights }: GraphSnapshot): GraphView {
  return {
    version,
    nodes: nodes.map(({ name, type, health, weight }) => ({ name, type, health, weight })),
    edges: edges.map(({ source, target, type, directed, capacity, demand, health }, j) => ({
      source,
      target,
      type,
      directed,
      capacity,
      demand,
      health,
      weight: weights[j] as number,
    })),
  };
}

export function gateView({ classes }: GateCounters): readonly GateCount[] {
  return OPERATION_CLASSES.map((name) => {
    const { offered, admitted, throttled, deferred, rejected } = classes[name];
    return { class: name, offered, admitted, throttled, deferred, rejected };
  });
}

/** A record as a page shows it, with what it takes to check it there. */
export function entryView({ bytes, hash }: Pick<SealedRecord, 'bytes' | 'hash'>): ServedEntry {
  const { seq, at, type, prev, key, body, signature } = parseRecord(bytes);
  return {
    seq,
    at,
    type,
    hash,
    prev,
    key: key ?? null,
    // Whoever reads the log checks; that its writer believes it says nothing.
    verified: null,
    body: decodeUtf8(canonicalBytes(body)) as string,
    sig: signature === undefined ? null : toBase64(signature),
  };
}

export function logView(log: AuditLog, entries: readonly ServedEntry[]): ServedLog {
  const { state, cause } = log.health;
  const why = state === 'ok' ? '' : `: ${cause instanceof Error ? cause.message : 'no more is known'}`;
  const keys = log.keys.map(
    ({ fingerprint, publicKey }): ServedKey => ({ fingerprint, publicKey: toBase64(publicKey) }),
  );
  return {
    size: log.head.size,
    root: toHex(log.root),
    health: `${state}${why}`,
    entries: [...entries],
    keys,
  };
}
