/** Counters of a gate: one row of doubles an operation, added up when somebody asks. */
import type { GateCounts } from './gate-types.js';

export const OFFERED = 0;
export const OFFERED_COST = 1;
export const RETRIED = 2;
export const ADMITTED = 3;
export const ADMITTED_COST = 4;
export const THROTTLED = 5;
export const DEFERRED = 6;
export const REJECTED = 7;
export const RESERVE = 8;
export const PROBES = 9;
export const COLUMNS = 10;

/** A row as an object. */
export function countsOf(row: Float64Array): GateCounts {
  const [
    offered,
    offeredCost,
    retried,
    admitted,
    admittedCost,
    throttled,
    deferred,
    rejected,
    reserve,
    probes,
  ] = row as unknown as [number, number, number, number, number, number, number, number, number, number];
  return {
    offered,
    offeredCost,
    retried,
    admitted,
    admittedCost,
    throttled,
    deferred,
    rejected,
    reserve,
    probes,
  };
}
