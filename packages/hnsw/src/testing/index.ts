/**
 * What every implementer of `VectorIndex` is held to, whatever the kind.
 *
 * Rows are compared with an oracle that looks at each of them in float64; recall is asserted as numbers. Data come from
 * seeds, so a failure comes again.
 */
import type { Runner, Subject } from './api.js';
import { badInput } from './bad-input.js';
import { batches } from './batches.js';
import { churn } from './churn.js';
import { savedFiles } from './files.js';
import { filters } from './filters.js';
import { duplicatesAndUnknowns } from './keys.js';
import { lifecycle } from './lifecycle.js';
import { roundTrips } from './round-trips.js';
import { walks } from './walks.js';

export type { Files, Runner, Subject, Supports } from './api.js';

/**
 * Declares the tests of the contract.
 *
 * @param subject makes the indexes, and says what they support and which recall they promise
 * @param runner `describe` and `it` of vitest, of node:test, or of what else has such
 * @example
 * import { describe, it } from 'node:test';
 * import { createIndex } from '@ruvector/hnsw';
 * import { contract } from '@ruvector/hnsw/testing';
 *
 * contract(
 *   {
 *     name: 'flat',
 *     create: (options) => createIndex({ ...options, kind: 'flat' }),
 *     supports: {
 *       types: ['float32'],
 *       metrics: ['l2', 'ip', 'cosine'],
 *       keyTypes: ['number', 'string'],
 *       exact: true,
 *       recall: 1,
 *       filteredRecall: 1,
 *       graph: false,
 *       share: false,
 *     },
 *   },
 *   { describe, it },
 * );
 */
export function contract(subject: Subject, runner: Runner): void {
  runner.describe(`the contract of an index: ${subject.name}`, () => {
    roundTrips(subject, runner);
    badInput(subject, runner);
    duplicatesAndUnknowns(subject, runner);
    batches(subject, runner);
    filters(subject, runner);
    walks(subject, runner);
    churn(subject, runner);
    lifecycle(subject, runner);
    if (subject.files !== undefined) savedFiles(subject, subject.files, runner);
  });
}
