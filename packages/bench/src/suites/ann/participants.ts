/** Who takes part in a case: ours, and each peer that does what the case begins with. */
import { BenchError, throwIfAborted } from '../../errors.js';
import type { Contender, OurKind } from './contender.js';
import type { AnnSession } from './session.js';

/** A peer cannot do what the case wants; its message is the reason that the report gives. */
export class Unable extends Error {}

export interface Participants<T> {
  /** Ours first. */
  readonly ready: readonly { readonly contender: Contender; readonly value: T }[];
  /** Peers that failed: name -> reason. */
  readonly absent: Readonly<Record<string, string>>;
}

/**
 * Lets each contender begin. What a peer throws makes it absent by name; what ours throws is thrown.
 *
 * @param without peers that the case has named as absent
 * @throws BenchError `BENCH_OUT_OF_REACH` where ours is {@link Unable}, `BENCH_ABORTED`, and what `begin` throws for ours
 */
export async function gather<T>(
  session: AnnSession,
  kind: OurKind,
  without: Readonly<Record<string, string>>,
  begin: (contender: Contender) => Promise<T>,
): Promise<Participants<T>> {
  const { ours, peers, signal } = session.options;
  const own = ours.get(kind);
  if (own === undefined) throw new BenchError('BENCH_BAD_SUITE', `there is no contender for ${kind}`);
  const ready: { contender: Contender; value: T }[] = [];
  const absent: Record<string, string> = {};
  for (const contender of [own, ...peers]) {
    const { name } = contender.subject;
    if (without[name] !== undefined) continue;
    try {
      ready.push({ contender, value: await begin(contender) });
    } catch (error) {
      throwIfAborted(signal);
      const message = error instanceof Error ? error.message : String(error);
      if (contender !== own) absent[name] = message.slice(0, 300);
      else if (error instanceof Unable)
        throw new BenchError('BENCH_OUT_OF_REACH', `${name} (${kind}): ${message}`, { cause: error });
      else throw error;
    }
  }
  return { ready, absent };
}
