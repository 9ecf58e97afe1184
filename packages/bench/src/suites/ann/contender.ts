/** A library that takes part: how its process starts, how it is built, what its searches are tuned by. */
import type { Subject } from '../../suite.js';
import type { Settings } from './drivers/engine.js';

export type OurKind = 'qg' | 'qg balanced' | 'qg compact' | 'hnsw' | 'ivf' | 'flat';

/** A command that speaks the protocol of native/driver.h. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Contender {
  readonly subject: Subject;
  /** Which of our kinds; undefined for peers. */
  readonly kind?: OurKind;
  readonly command: Command;
  /** What an effort counts. */
  readonly effort: 'candidates' | 'lists';
  /** Another effort builds or loads the index anew, so that few are tried. */
  readonly costlyEffort?: boolean;
  /** How its index comes from the file; `load` unless it says. */
  readonly opens?: 'load' | 'view';
  /** Two processes cannot have one of its files open. */
  readonly exclusive?: boolean;
  /** For `--quick`. */
  readonly standard: Settings;
  /** What is tried at 100,000 rows, the cheapest to build first. */
  readonly grid: readonly Settings[];
  /** Why it neither builds nor searches on several threads. */
  readonly oneThread?: string;
}

/** All pairs of links and candidates, the cheapest to build first. */
export function gridOf(
  name: 'm' | 'degree',
  links: readonly number[],
  candidates: readonly number[],
): readonly Settings[] {
  return candidates
    .flatMap((efConstruction) => links.map((value): Settings => ({ [name]: value, efConstruction })))
    .sort((a, b) => costOf(a) - costOf(b));
}

/** What a build costs, in order only. */
function costOf({ m = 0, degree = 0, efConstruction = 0 }: Settings): number {
  return (m + degree) * efConstruction;
}

/** `m 16, efConstruction 200`. */
export function describeSettings(settings: Settings): string {
  const entries = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  return entries.length === 0 ? 'defaults' : entries.join(', ');
}
