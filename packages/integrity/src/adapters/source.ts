/** What the page and the adapters need of a running system: a part of what `createIntegrity` gives, so that anything with a view fits. */
import type { EntryView, IntegrityView, LogView } from '../runtime/view.js';

/**
 * Something with a view. The events are optional; without them it is looked at once a second.
 *
 * Each `on...` takes a callback and gives the function that ends the subscription.
 */
export interface ViewSource {
  view(): ServedView;
  onSample?(callback: () => void): () => void;
  onTransition?(callback: () => void): () => void;
  onEntry?(callback: () => void): () => void;
}

/** A record with its signature, so that others can check it. */
export interface ServedEntry extends EntryView {
  /** The signature, 64 bytes in Base 64; null for a record that has none, absent where the source does not tell. */
  readonly sig?: string | null;
}

/** A key of the log. */
export interface ServedKey {
  /** SHA-256 of the public key, hexadecimal. */
  readonly fingerprint: string;
  /** 32 bytes in Base 64. */
  readonly publicKey: string;
}

export interface ServedLog extends LogView {
  readonly entries: readonly ServedEntry[];
  /** The keys that signed the entries. */
  readonly keys?: readonly ServedKey[];
}

/** A view, and what it takes to check the newest records of its log without trusting whoever serves it. */
export interface ServedView extends IntegrityView {
  readonly log: ServedLog | null;
}
