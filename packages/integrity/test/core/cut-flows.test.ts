import { describe, expect, it } from 'vitest';
import {
  type FlowProblem,
  gomoryHuTree,
  groupCut,
  type IntegrityError,
  maxFlow,
  minCutBetween,
  minSTCut,
  smallestNonTrivialCut,
} from '../../src/index.js';
import { cutWeight, graphOf, nodesOf, randomGraph } from '../support/cut-graphs.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function randomNetwork(random: Random, n: number): FlowProblem {
  const count = 3 * n;
  const numbers = (make: () => number) => Array.from({ length: count }, make);
  return {
    nodeCount: n,
    sources: Uint32Array.from(numbers(() => random.below(n))),
    targets: Uint32Array.from(numbers(() => random.below(n))),
    capacities: Float64Array.from(numbers(() => random.below(9) / 4)),
    directed: Uint8Array.from(numbers(() => random.below(2))),
  };
}

/** The least capacity out of any set with the source and without the sink. */
function leastCut(
  { nodeCount, sources, targets, capacities, directed }: FlowProblem,
  s: number,
  t: number,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (let bits = 0; bits < 2 ** nodeCount; bits++) {
    if (((bits >> s) & 1) === 0 || ((bits >> t) & 1) === 1) continue;
    let sum = 0;
    for (let i = 0; i < capacities.length; i++) {
      const out = (bits >> (sources[i] as number)) & 1;
      const to = (bits >> (targets[i] as number)) & 1;
      if (out !== to && (out === 1 || (directed as Uint8Array)[i] === 0)) sum += capacities[i] as number;
    }
    least = Math.min(least, sum);
  }
  return least;
}

describe('maxFlow', () => {
  it('is a flow, and as large as the least cut', () => {
    const random = new Random(21);
    for (let round = 0; round < scale(600); round++) {
      const n = 2 + random.below(7);
      const problem = randomNetwork(random, n);
      const [s, t] = [0, n - 1];
      const { value, flows, side, edges, exact } = maxFlow(problem, s, t);
      expect([value, exact]).toEqual([leastCut(problem, s, t), true]);
      const balance = new Float64Array(n);
      for (const [i, flow] of flows.entries()) {
        const capacity = problem.capacities[i] as number;
        expect(flow).toBeLessThanOrEqual(capacity);
        expect(flow).toBeGreaterThanOrEqual((problem.directed as Uint8Array)[i] === 0 ? -capacity : 0);
        const [u, v] = [problem.sources[i] as number, problem.targets[i] as number];
        balance[u] = (balance[u] as number) - flow;
        balance[v] = (balance[v] as number) + flow;
      }
      for (let v = 0; v < n; v++) expect(balance[v]).toBe(v === s ? 0 - value : v === t ? value : 0);
      let across = 0;
      for (const i of edges) across += problem.capacities[i] as number;
      expect(across).toBe(value);
      expect([...side].includes(s)).toBe(true);
      expect([...side].includes(t)).toBe(false);
    }
  });

  it('ends at a limit, with a flow of that much and no cut', () => {
    const random = new Random(26);
    let limited = 0;
    for (let round = 0; round < scale(300); round++) {
      const n = 2 + random.below(7);
      const problem = randomNetwork(random, n);
      const whole = maxFlow(problem, 0, n - 1);
      const limit = random.below(20) / 4;
      const flow = maxFlow(problem, 0, n - 1, { limit });
      if (whole.value >= limit) {
        expect(flow).toMatchObject({ value: limit, limited: true, side: new Uint32Array(0) });
        let out = 0;
        for (const [i, each] of flow.flows.entries()) {
          if (problem.sources[i] === 0) out += each;
          if (problem.targets[i] === 0) out -= each;
        }
        expect(out).toBe(limit);
        limited++;
      } else expect(flow).toEqual(whole);
    }
    expect(limited).toBeGreaterThan(scale(300) / 4);
  });

  it('says by how much it may be wrong where capacities are too far apart', () => {
    const { value, exact, errorBound, edges } = maxFlow(
      {
        nodeCount: 3,
        sources: Uint32Array.of(0, 1, 1),
        targets: Uint32Array.of(1, 2, 2),
        capacities: Float64Array.of(1e20, 1e19, 1e-20),
      },
      0,
      2,
    );
    expect(exact).toBe(false);
    expect(errorBound).toBeGreaterThan(0);
    expect(errorBound).toBeLessThan(1e6);
    expect(Math.abs(value - 1e19)).toBeLessThanOrEqual(errorBound);
    // The small one is rounded up: it goes on carrying something.
    expect([...edges]).toEqual([1, 2]);
  });

  it('finds its way back over an arc that was taken in vain', () => {
    const problem = {
      nodeCount: 4,
      sources: Uint32Array.of(0, 0, 1, 1, 2),
      targets: Uint32Array.of(1, 2, 2, 3, 3),
      capacities: Float64Array.of(1, 1, 1, 1, 1),
    };
    expect(maxFlow(problem, 0, 3).value).toBe(2);
  });

  it('goes through a path of 20,000 nodes without a deep stack', () => {
    const n = scale(20_000);
    const path = {
      nodeCount: n,
      sources: Uint32Array.from({ length: n - 1 }, (_, i) => i),
      targets: Uint32Array.from({ length: n - 1 }, (_, i) => i + 1),
      capacities: new Float64Array(n - 1).fill(3),
    };
    expect(maxFlow(path, 0, n - 1).value).toBe(3);
  });

  it('refuses what is no network', () => {
    const problem: FlowProblem = {
      nodeCount: 2,
      sources: Uint32Array.of(0),
      targets: Uint32Array.of(1),
      capacities: Float64Array.of(1),
    };
    const bad: [() => unknown, string][] = [
      [() => maxFlow({ ...problem, capacities: Float64Array.of(-1) }, 0, 1), 'ERR_INTEGRITY_CAPACITY'],
      [
        () => maxFlow({ ...problem, capacities: Float64Array.of(Number.NaN) }, 0, 1),
        'ERR_INTEGRITY_CAPACITY',
      ],
      [() => maxFlow({ ...problem, capacities: [1] as never }, 0, 1), 'ERR_INTEGRITY_ARGUMENT'],
      [() => maxFlow({ ...problem, sources: new Uint32Array(2) }, 0, 1), 'ERR_INTEGRITY_ARGUMENT'],
      [() => maxFlow({ ...problem, directed: new Uint8Array(2) }, 0, 1), 'ERR_INTEGRITY_ARGUMENT'],
      [() => maxFlow({ ...problem, targets: Uint32Array.of(2) }, 0, 1), 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [() => maxFlow({ ...problem, nodeCount: 1e6 }, 0, 1), 'ERR_INTEGRITY_LIMIT'],
      [() => maxFlow(problem, 0, 1, { limit: -1 }), 'ERR_INTEGRITY_ARGUMENT'],
      [() => maxFlow(problem, 0, 1, { limit: Number.NaN }), 'ERR_INTEGRITY_ARGUMENT'],
      [
        () =>
          maxFlow(
            {
              nodeCount: 2,
              sources: Uint32Array.of(0, 0),
              targets: Uint32Array.of(1, 1),
              capacities: Float64Array.of(1.7e308, 1.7e308),
            },
            0,
            1,
          ),
        'ERR_INTEGRITY_CAPACITY',
      ],
    ];
    for (const [run, code] of bad) {
      let error: unknown;
      try {
        run();
      } catch (thrown) {
        error = thrown;
      }
      expect((error as IntegrityError).code).toBe(code);
    }
  });

  it('refuses bad ends', () => {
    const problem = {
      nodeCount: 2,
      sources: Uint32Array.of(0),
      targets: Uint32Array.of(1),
      capacities: Float64Array.of(1),
    };
    for (const [source, sink, code] of [
      [0, 0, 'ERR_INTEGRITY_ARGUMENT'],
      [0, 2, 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [-1, 1, 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [0.5, 1, 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [Number.NaN, 1, 'ERR_INTEGRITY_ARGUMENT'],
    ] as const) {
      let error: unknown;
      try {
        maxFlow(problem, source, sink);
      } catch (thrown) {
        error = thrown;
      }
      expect((error as IntegrityError).code).toBe(code);
    }
  });
});

describe('a cut between groups', () => {
  it('is the least of all that keep them apart, and nearest to the first', () => {
    const random = new Random(22);
    for (let round = 0; round < scale(500); round++) {
      const problem = randomGraph(random, 4, 9);
      const n = problem.nodeCount;
      const [from, to] = [
        random.below(2) === 0 ? [0, 1] : [0],
        random.below(2) === 0 ? [n - 1, n - 2] : [n - 1],
      ];
      const cut = minCutBetween(problem, from, to);
      let least = Number.POSITIVE_INFINITY;
      let smallest = n;
      for (let bits = 0; bits < 2 ** n; bits++) {
        if (from.some((v) => ((bits >> v) & 1) === 0) || to.some((v) => ((bits >> v) & 1) === 1)) continue;
        const weight = cutWeight(problem, bits);
        if (weight > least) continue;
        const size = nodesOf(bits, n).length;
        smallest = weight < least ? size : Math.min(smallest, size);
        least = weight;
      }
      expect([cut.value, cut.side.length]).toEqual([least, smallest]);
      if (from.length === 1 && to.length === 1) expect(minSTCut(problem, 0, n - 1)).toEqual(cut);
    }
  });

  it('refuses groups that are empty or share a node', () => {
    const problem = graphOf(3, [[0, 1]]);
    expect(() => minCutBetween(problem, [], [1])).toThrow(/at least one node/);
    expect(() => minCutBetween(problem, [0, 1], [1])).toThrow(/node 1 is in both groups/);
    expect(() => groupCut(problem, [3])).toThrow(/0 to 2/);
  });

  it('of a named group says what it hangs on', () => {
    const problem = graphOf(4, [
      [0, 1, 3],
      [1, 2, 1],
      [2, 3, 2],
      [0, 0, 50],
    ]);
    expect(groupCut(problem, [0, 1, 1])).toEqual({
      value: 1,
      edges: Uint32Array.of(1),
      conductance: 0.2,
      exact: true,
      errorBound: 0,
    });
  });
});

describe('a Gomory-Hu tree', () => {
  it('knows subtrees and the cut between any two nodes', () => {
    const random = new Random(27);
    for (let round = 0; round < scale(200); round++) {
      const problem = randomGraph(random, 2, 12);
      const n = problem.nodeCount;
      const tree = gomoryHuTree(problem);
      expect([...tree.order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, v) => v));
      for (const [at, v] of tree.order.entries()) {
        const run = [...tree.order.slice(at, at + (tree.size[v] as number))];
        expect(run.sort((a, b) => a - b)).toEqual([...tree.side(v)]);
      }
      for (let u = 0; u < n; u++)
        for (let v = 0; v < n; v++) {
          if (u === v) continue;
          const { value, node } = tree.cutBetween(u, v);
          const side = new Set(tree.side(node));
          expect(value).toBe(minSTCut(problem, u, v).value);
          expect(side.has(u)).toBe(!side.has(v));
          expect(
            cutWeight(
              problem,
              [...side].reduce((bits, each) => bits | (1 << each), 0),
            ),
          ).toBe(value);
        }
    }
    const tree = gomoryHuTree(graphOf(2, [[0, 1, 3]]));
    expect(() => tree.cutBetween(1, 1)).toThrow(/both node 1/);
    expect(() => tree.side(2)).toThrow(/0 to 1/);
  });

  it('is there for no node, one node, and a path of many', () => {
    expect(gomoryHuTree(graphOf(0, [])).order).toHaveLength(0);
    expect([...gomoryHuTree(graphOf(1, [])).side(0)]).toEqual([0]);
    const n = 300;
    const path = gomoryHuTree(
      graphOf(
        n,
        Array.from({ length: n - 1 }, (_, i): [number, number, number] => [i, i + 1, n - i]),
      ),
    );
    expect(path.cutBetween(0, n - 1).value).toBe(2);
    expect(path.cutBetween(0, 5).value).toBe(n - 4);
  });

  it('has the minimum cut of every pair, and its edges split the graph into such cuts', () => {
    const random = new Random(23);
    for (let round = 0; round < scale(400); round++) {
      const problem = randomGraph(random, 2, 9);
      const n = problem.nodeCount;
      const { parent, value, side } = gomoryHuTree(problem);
      const all = Array.from({ length: n }, (_, v) => v);
      const above = (v: number): number[] => (v === 0 ? [0] : [v, ...above(parent[v] as number)]);
      for (const u of all)
        for (const v of all.slice(u + 1)) {
          const [a, b] = [above(u), above(v)];
          const path = [...a.filter((x) => !b.includes(x)), ...b.filter((x) => !a.includes(x))];
          expect(Math.min(...path.map((x) => value[x] as number))).toBe(minSTCut(problem, u, v).value);
        }
      for (const v of all.slice(1)) {
        const below = [...side(v)];
        expect(below.includes(v)).toBe(true);
        expect(below.includes(parent[v] as number)).toBe(false);
        const bits = below.reduce((sum, node) => sum | (1 << node), 0);
        expect(cutWeight(problem, bits)).toBe(value[v]);
      }
    }
  });

  it('gives up when it is told to, and says how far it is', () => {
    const problem = randomGraph(new Random(24), 20, 20);
    const signal = { aborted: false };
    const seen: number[] = [];
    let code = '';
    try {
      gomoryHuTree(problem, {
        signal,
        onProgress: ({ done }) => {
          seen.push(done);
          if (done === 5) signal.aborted = true;
        },
      });
    } catch (error) {
      code = (error as IntegrityError).code;
    }
    expect([code, seen]).toEqual(['ERR_INTEGRITY_ABORTED', [1, 2, 3, 4, 5]]);
  });
});

describe('the smallest non-trivial cut', () => {
  it('is a cut with two nodes a side, never below the least of them all, and mostly that', () => {
    const random = new Random(25);
    let equal = 0;
    let found = 0;
    for (let round = 0; round < scale(600); round++) {
      const problem = randomGraph(random, 4, 10);
      const n = problem.nodeCount;
      const cut = smallestNonTrivialCut(problem);
      if (cut === undefined) continue;
      found++;
      let least = Number.POSITIVE_INFINITY;
      for (let bits = 1; bits < 2 ** n - 1; bits++) {
        const size = nodesOf(bits, n).length;
        if (size >= 2 && n - size >= 2) least = Math.min(least, cutWeight(problem, bits));
      }
      const bits = [...cut.side].reduce((sum, node) => sum | (1 << node), 0);
      expect(cutWeight(problem, bits)).toBe(cut.value);
      expect(Math.min(cut.side.length, n - cut.side.length)).toBeGreaterThanOrEqual(2);
      expect(cut.value).toBeGreaterThanOrEqual(least);
      if (cut.value === least) equal++;
    }
    expect(found).toBeGreaterThan(scale(600) / 3);
    expect(equal / found).toBeGreaterThan(0.7);
  });

  it('looks past a weak node', () => {
    const edges: [number, number, number][] = [[6, 0, 1]];
    for (const base of [0, 3])
      for (const [u, v] of [
        [0, 1],
        [1, 2],
        [2, 0],
      ] as const)
        edges.push([base + u, base + v, 5]);
    edges.push([2, 3, 2]);
    const cut = smallestNonTrivialCut(graphOf(7, edges));
    expect([cut?.value, [...(cut?.side ?? [])]]).toEqual([2, [3, 4, 5]]);
  });
});
