import { type Case, type Entrant, emptySession, type Plan, type Suite } from '../src/index.js';

const sorters: Record<string, (values: Float64Array) => unknown> = {
  ruvector: (values) => values.sort(),
  comparator: (values) => values.sort((a, b) => a - b),
};

/** Sorts `size` numbers. */
function sortCase(size: number): Case {
  return {
    name: `sort ${size} numbers`,
    parameters: { size },
    metrics: [{ name: 'rate', unit: 'sorts/s', better: 'higher' }],
    prepare: async () => {
      const input = Float64Array.from({ length: size }, (_, index) => (index * 7919) % size);
      const entrants = Object.entries(sorters).map(
        ([name, sort]): Entrant => ({
          name,
          sample: () => {
            const start = performance.now();
            sort(input.slice());
            return { rate: 1000 / (performance.now() - start) };
          },
        }),
      );
      return {
        entrants,
        verify: () => {
          for (const sort of Object.values(sorters)) {
            const sorted = input.slice();
            sort(sorted);
            if (sorted.some((value, index) => value !== index)) throw new Error('not sorted');
          }
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

export const sortSuite: Suite = {
  name: 'sort',
  summary: 'sorting numbers, natively and by a comparator',
  directory: import.meta.dirname,
  plan: async ({ mode }): Promise<Plan> => ({
    ours: { name: 'ruvector', version: process.version, fingerprint: process.version },
    peers: [{ name: 'comparator', version: process.version, fingerprint: process.version }],
    absent: [],
    budget: { rounds: mode === 'quick' ? 5 : 25, warmups: 2, minTimeMs: 0 },
    cases: [sortCase(1009)],
    open: async () => emptySession,
  }),
};
