/** Offered load by commodity: told by the host, or counted by the gate. */
import { checkName, checkNumber, checkObject, describe } from '../check.js';
import type { GateCounters } from '../control/gate-types.js';
import type { GatePolicy } from '../control/policy-types.js';
import { IntegrityError } from '../errors.js';
import type { FlowOptions } from '../signal/flow.js';

/** For a commodity the operations of the policy whose offered cost makes its rate. */
export type OfferedFrom = Readonly<Record<string, readonly string[]>>;

/**
 * Rates in operations a second. Those that the gate counts are measured between samples: cost that was offered, whether
 * or not it was let through, so that refusing work does not look like relief.
 */
export class OfferedLoad {
  readonly #from: ReadonlyMap<string, readonly string[]>;
  #commodities: ReadonlySet<string> = new Set();
  readonly #rates = new Map<string, number>();
  #before: { readonly at: number; readonly costs: ReadonlyMap<string | null, number> } | undefined;

  constructor(from: OfferedFrom, flow: FlowOptions | undefined, policy: GatePolicy) {
    this.#from = new Map(
      Object.entries(checkObject(from, 'offeredFrom') as OfferedFrom).map(([commodity, operations]) => {
        if (!Array.isArray(operations))
          throw new IntegrityError(
            'ERR_INTEGRITY_ARGUMENT',
            `offeredFrom.${commodity} must be an array of operations, not ${describe(operations)}`,
            { field: `offeredFrom.${commodity}` },
          );
        return [commodity, operations.map((name, i) => checkName(name, `offeredFrom.${commodity}[${i}]`))];
      }),
    );
    this.contract(flow, policy);
  }

  /** Operations a second by commodity. */
  get rates(): ReadonlyMap<string, number> {
    return this.#rates;
  }

  /**
   * Whether a contract and a policy have what is counted: a commodity or an operation that is not there would be load that nobody sees.
   *
   * @throws IntegrityError `ERR_INTEGRITY_POLICY` with the field
   */
  check(flow: FlowOptions | undefined, policy: GatePolicy): void {
    const commodities = new Set((flow?.commodities ?? []).map(({ name }) => name));
    for (const [name, operations] of this.#from) {
      if (!commodities.has(name))
        throw new IntegrityError(
          'ERR_INTEGRITY_POLICY',
          `offeredFrom names ${describe(name)}, and the flow signal has no such commodity`,
          {
            field: `offeredFrom.${name}`,
          },
        );
      for (const [i, operation] of operations.entries())
        if (!Object.keys(policy.operations).includes(operation))
          throw new IntegrityError(
            'ERR_INTEGRITY_POLICY',
            `offeredFrom.${name} names the operation ${describe(operation)}, and the policy has none of that name: its load would not be counted`,
            { field: `offeredFrom.${name}[${i}]` },
          );
    }
  }

  /** Another contract and policy. @throws IntegrityError as `check`; nothing has changed then */
  contract(flow: FlowOptions | undefined, policy: GatePolicy): void {
    this.check(flow, policy);
    const commodities = new Set((flow?.commodities ?? []).map(({ name }) => name));
    this.#commodities = commodities;
    for (const name of [...this.#rates.keys()]) if (!commodities.has(name)) this.#rates.delete(name);
  }

  set(rates: Readonly<Record<string, number>>): void {
    const entries = Object.entries(checkObject(rates, 'rates') as Readonly<Record<string, number>>);
    for (const [name, rate] of entries) {
      if (!this.#commodities.has(name) || this.#from.has(name))
        throw new IntegrityError(
          'ERR_INTEGRITY_ARGUMENT',
          this.#from.has(name)
            ? `${describe(name)} is counted by the gate (offeredFrom); it cannot be told as well`
            : `the flow signal has no commodity ${describe(name)}; it has ${[...this.#commodities].join(', ') || 'none'}`,
          { field: `rates.${name}` },
        );
      checkNumber(rate, `rates.${name}`, { least: 0 }, 'ERR_INTEGRITY_CAPACITY');
    }
    for (const [name, rate] of entries) this.#rates.set(name, rate);
  }

  /** The gate's counters began anew. */
  restart(): void {
    this.#before = undefined;
  }

  /** Takes the rates of counted commodities from the gate: what came since the last time. The first time there is no rate yet. */
  measure({ operations }: GateCounters, now: number): void {
    if (this.#from.size === 0) return;
    const before = this.#before;
    if (before !== undefined && now <= before.at) {
      // No time has passed, or it went back: the counts stay for the next time.
      if (now < before.at) this.#before = { at: now, costs: before.costs };
      return;
    }
    const costs = new Map(operations.map(({ name, offeredCost }) => [name, offeredCost]));
    this.#before = { at: now, costs };
    if (before === undefined) return;
    const seconds = (now - before.at) / 1000;
    for (const [commodity, names] of this.#from) {
      let sum = 0;
      for (const name of names) sum += (costs.get(name) ?? 0) - (before.costs.get(name) ?? 0);
      this.#rates.set(commodity, sum / seconds);
    }
  }
}
