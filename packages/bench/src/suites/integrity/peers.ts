/** Who can take part in which cases. */
import type { AbsentPeer, Subject } from '../../suite.js';
import type { NativeName, NativePeer } from './native.js';

/**
 * - `igraph`, `boost`: libraries in C and C++, processes of their own (native.ts).
 * - `recompute`: our minimum cut after every update, what one would do without a tracker.
 * - `noble`: @noble/ed25519 and @noble/hashes, the cryptography in plain ECMAScript that we fall back to.
 */
export type PeerName = NativeName | 'recompute' | 'noble';

export interface Peers {
  readonly native: ReadonlyMap<NativeName, NativePeer>;
  readonly subjects: readonly Subject[];
  readonly absent: readonly AbsentPeer[];
}

const PEER_NAMES: readonly PeerName[] = ['igraph', 'boost', 'recompute', 'noble'];

/**
 * The peers that a case does not have.
 *
 * @param present those that it has
 * @param what the case measures; follows "it has no"
 */
export function without(present: readonly PeerName[], what: string): Readonly<Record<string, string>> {
  const others = PEER_NAMES.filter((name) => !present.includes(name));
  return Object.fromEntries(
    others.map((name) => [
      name,
      name === 'recompute' ? 'it stands beside the tracker alone' : `it has no ${what}`,
    ]),
  );
}
