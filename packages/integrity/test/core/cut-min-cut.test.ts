import { describe, expect, it } from 'vitest';
import { canonicalSide } from '../../src/cut/canonical.js';
import { contract, degreeOf, newCsr, newCsrScratch } from '../../src/cut/csr.js';
import { CutEngine } from '../../src/cut/engine.js';
import { type CutProblem, IntegrityError, minCut, stoerWagner } from '../../src/index.js';
import { cutWeight, families, graphOf, nodesOf, randomGraph } from '../support/cut-graphs.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

/** All minimum cuts by trying every set: value, and the side that is canonical by its definition. */
function bruteForce(problem: CutProblem): { value: number; side: readonly number[] } {
  const n = problem.nodeCount;
  let value = Number.POSITIVE_INFINITY;
  let sides: number[][] = [];
  for (let bits = 1; bits < 2 ** n - 1; bits++) {
    const weight = cutWeight(problem, bits);
    if (weight < value) {
      value = weight;
      sides = [];
    }
    if (weight === value) sides.push(nodesOf(bits, n));
  }
  sides.sort((a, b) => {
    if (a.length !== b.length) return a.length - b.length;
    const at = a.findIndex((node, i) => node !== b[i]);
    return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
  });
  return { value, side: sides[0] as number[] };
}

function witnessWeight(problem: CutProblem, edges: Uint32Array): number {
  let sum = 0;
  for (const edge of edges) sum += problem.weights[edge] as number;
  return sum;
}

describe('minCut', () => {
  it('is the canonical one of all minimum cuts', () => {
    const random = new Random(11);
    for (let round = 0; round < scale(1500); round++) {
      const problem = randomGraph(random, 2, round % 25 === 0 ? 12 : 9);
      const expected = bruteForce(problem);
      const { value, side, edges, exact } = minCut(problem);
      expect([value, exact]).toEqual([expected.value, true]);
      expect([...side]).toEqual(expected.side);
      expect(witnessWeight(problem, edges)).toBe(value);
    }
  });

  it('weighs what Stoer and Wagner find where rounds of contraction merge little', () => {
    const random = new Random(13);
    const shapes: Readonly<Record<string, (n: number) => [number, number][]>> = {
      cycle: (n) => Array.from({ length: n }, (_, i) => [i, (i + 1) % n]),
      torus: (n) => {
        const width = Math.floor(Math.sqrt(n));
        return Array.from({ length: width * width }, (_, i) => i).flatMap((i): [number, number][] => [
          [i, i - (i % width) + ((i + 1) % width)],
          [i, (i + width) % (width * width)],
        ]);
      },
      circulant: (n) =>
        Array.from({ length: n }, (_, i) => i).flatMap((i) =>
          [1, 2, 3, 5].map((d): [number, number] => [i, (i + d) % n]),
        ),
      hypercube: () =>
        Array.from({ length: 128 }, (_, i) => i).flatMap((i) =>
          [0, 1, 2, 3, 4, 5, 6].map((k): [number, number] => [i, i ^ (1 << k)]).filter(([a, b]) => a < b),
        ),
      regular: (n) =>
        Array.from({ length: 5 }, () => {
          const order = Array.from({ length: n }, (_, i) => i);
          for (let i = n - 1; i > 0; i--) {
            const j = random.below(i + 1);
            [order[i], order[j]] = [order[j] as number, order[i] as number];
          }
          return order.map((u, i): [number, number] => [u, order[(i + 1) % n] as number]);
        }).flat(),
      complete: (n) =>
        Array.from({ length: n }, (_, i) => i).flatMap((i) =>
          Array.from({ length: i }, (_, j): [number, number] => [i, j]),
        ),
      // Two expanders, joined by fewer edges than a node has: the cut is no node.
      barbell: (n) => {
        const half = (shapes.regular as (n: number) => [number, number][])(Math.floor(n / 2));
        const other = half.map(([u, v]): [number, number] => [u + Math.floor(n / 2), v + Math.floor(n / 2)]);
        return [
          ...half,
          ...other,
          ...[0, 1, 2, 3, 4].map((i): [number, number] => [i, Math.floor(n / 2) + 2 * i]),
        ];
      },
    };
    for (let round = 0; round < scale(6); round++)
      for (const [name, make] of Object.entries(shapes)) {
        const pairs = make(70 + random.below(60));
        const n = 1 + Math.max(...pairs.flat());
        for (const weight of [() => 1, () => 100 + random.below(3), () => 1 + random.below(9) / 8]) {
          const problem = graphOf(
            n,
            pairs.map(([u, v]): [number, number, number] => [u, v, weight()]),
          );
          const { value, edges } = minCut(problem);
          expect(value, `${name}, ${n} nodes`).toBe(stoerWagner(problem).value);
          expect(witnessWeight(problem, edges)).toBe(value);
        }
      }
  });

  it('is the canonical one where very many are minimum cuts', () => {
    const unit = (n: number, joined: (u: number, v: number) => boolean) =>
      graphOf(
        n,
        Array.from({ length: n * n }, (_, i): [number, number] => [Math.floor(i / n), i % n]).filter(
          ([u, v]) => u < v && joined(u, v),
        ),
      );
    const ties = [
      ...[3, 4, 5, 8, 11, 12].map((n) => unit(n, (u, v) => v - u === 1 || v - u === n - 1)),
      ...[2, 3, 4, 5, 6].map((n) => unit(n, () => true)),
      // Complete bipartite graphs, grids, two cycles that share a node, a cycle of triangles that share nodes.
      ...[4, 6, 8].map((n) => unit(n, (u, v) => u % 2 !== v % 2)),
      unit(12, (u, v) => v - u === 4 || (v - u === 1 && v % 4 !== 0)),
      unit(9, (u, v) => v - u === 3 || (v - u === 1 && v % 3 !== 0)),
      unit(11, (u, v) =>
        v < 6 ? v - u === 1 || v - u === 5 : u === 0 ? v === 6 || v === 10 : v - u === 1 && u > 5,
      ),
      unit(
        12,
        (u, v) => v - u === 1 || v - u === 11 || (u % 2 === 0 && v - u === 2) || (u === 0 && v === 10),
      ),
    ];
    const random = new Random(16);
    for (const problem of ties) {
      const n = problem.nodeCount;
      for (let round = 0; round < 3; round++) {
        // The same graph under other names.
        const name = Array.from({ length: n }, (_, v) => v);
        if (round > 0)
          for (let v = n - 1; v > 0; v--) {
            const other = random.below(v + 1);
            [name[v], name[other]] = [name[other] as number, name[v] as number];
          }
        const named = {
          ...problem,
          sources: problem.sources.map((v) => name[v] as number),
          targets: problem.targets.map((v) => name[v] as number),
        };
        const { value, side } = minCut(named);
        const expected = bruteForce(named);
        expect([value, [...side]]).toEqual([expected.value, expected.side]);
      }
    }
  });

  it('is canonical however little was merged before the search', () => {
    const random = new Random(17);
    const engine = new CutEngine();
    let byFlows = 0;
    for (let round = 0; round < scale(3000); round++) {
      const problem = randomGraph(random, 3, 10);
      const n = problem.nodeCount;
      const { value, components } = minCut(problem);
      if (components.length > 1) continue;
      const expected = bruteForce(problem);
      // Whole units of an eighth, as the family of fractions needs them.
      engine.load(
        n,
        problem.sources,
        problem.targets,
        problem.weights.map((weight) => 8 * weight),
      );
      const lambda = engine.solve();
      expect(lambda).toBe(8 * value);
      const owner = engine.owner.slice(0, n);
      for (let side = 0; side < engine.kernel.nodeCount; side++) {
        if (degreeOf(engine.kernel, side) > lambda) continue;
        // Only this side stays merged: the others, which may be smaller, are for flows to find.
        const label = new Uint32Array(n);
        let [count, merged] = [0, -1];
        for (let v = 0; v < n; v++)
          if (owner[v] !== side) label[v] = count++;
          else {
            if (merged < 0) merged = count++;
            label[v] = merged;
          }
        const kernel = newCsr(n, 2 * problem.weights.length);
        contract(engine.graph, label, count, kernel, newCsrScratch(n));
        expect([...canonicalSide(kernel, label, n, lambda)]).toEqual(expected.side);
        if (expected.side.length > 1 && label[expected.side[0] as number] !== merged) byFlows++;
      }
    }
    expect(byFlows).toBeGreaterThan(scale(3000) / 50);
  });

  it('equals Stoer and Wagner on more than 10,000 random graphs', () => {
    const random = new Random(12);
    const rounds = scale(10_500);
    let connected = 0;
    for (let round = 0; round < rounds; round++) {
      const problem = randomGraph(random, 2, round % 10 === 0 ? 40 : 14);
      const { value, edges, side } = minCut(problem);
      expect(value).toBe(stoerWagner(problem).value);
      expect(witnessWeight(problem, edges)).toBe(value);
      expect(2 * side.length).toBeLessThanOrEqual(problem.nodeCount);
      if (value > 0) connected++;
    }
    expect(connected).toBeGreaterThan(rounds / 2);
  });

  it('does not depend on the order of edges, and follows a renaming of nodes', () => {
    const random = new Random(13);
    for (let round = 0; round < scale(300); round++) {
      const problem = randomGraph(random, 2, 24);
      const { nodeCount: n, sources, targets, weights } = problem;
      const found = minCut(problem);
      const order = Array.from(weights, (_, i) => i).sort(() => random.float() - 0.5);
      const shuffled = minCut({
        nodeCount: n,
        sources: Uint32Array.from(order, (i) => targets[i] as number),
        targets: Uint32Array.from(order, (i) => sources[i] as number),
        weights: Float64Array.from(order, (i) => weights[i] as number),
      });
      expect([...shuffled.side]).toEqual([...found.side]);
      const name = Array.from({ length: n }, (_, v) => n - 1 - v);
      const renamed = minCut({
        ...problem,
        sources: sources.map((v) => name[v] as number),
        targets: targets.map((v) => name[v] as number),
      });
      expect(renamed.value).toBe(found.value);
      expect(renamed.side.length).toBe(found.side.length);
    }
  });

  it('has the values that are known', () => {
    // Stoer and Wagner 1997, figure 1.
    const paper = graphOf(8, [
      [0, 1, 2],
      [0, 4, 3],
      [1, 2, 3],
      [1, 4, 2],
      [1, 5, 2],
      [2, 3, 4],
      [2, 6, 2],
      [3, 6, 2],
      [3, 7, 2],
      [4, 5, 3],
      [5, 6, 1],
      [6, 7, 3],
    ]);
    expect(minCut(paper).value).toBe(4);
    expect([...minCut(paper).side]).toEqual([0, 1, 4, 5]);
    const hypercube = (d: number) =>
      graphOf(
        2 ** d,
        Array.from({ length: 2 ** d }, (_, v) => v).flatMap((v) =>
          Array.from({ length: d }, (_, bit): [number, number] => [v, v ^ (1 << bit)]).filter(
            ([a, b]) => a < b,
          ),
        ),
      );
    const complete = (n: number) =>
      graphOf(
        n,
        Array.from({ length: n * n }, (_, i): [number, number] => [Math.floor(i / n), i % n]).filter(
          ([u, v]) => u < v,
        ),
      );
    const petersen = graphOf(
      10,
      Array.from({ length: 5 }, (_, i): [number, number][] => [
        [i, (i + 1) % 5],
        [i, i + 5],
        [i + 5, ((i + 2) % 5) + 5],
      ]).flat(),
    );
    for (const d of [2, 3, 4, 6]) expect(minCut(hypercube(d)).value).toBe(d);
    for (const n of [2, 3, 5, 17]) expect(minCut(complete(n)).value).toBe(n - 1);
    expect(minCut(petersen).value).toBe(3);
    // A cycle has n (n - 1) / 2 minimum cuts; the canonical one is the first node.
    const cycle = minCut((families.cycle as NonNullable<typeof families.cycle>)(200, new Random(1)));
    expect([cycle.value, [...cycle.side]]).toEqual([4, [0]]);
  });

  it('finds the bridge between two communities that no degree shows', () => {
    const random = new Random(14);
    const edges: [number, number, number][] = [];
    for (let i = 0; i < 2000; i++) {
      const side = 100 * random.below(2);
      edges.push([side + random.below(100), side + random.below(100), 3]);
    }
    for (let i = 0; i < 4; i++) edges.push([i, 100 + i, 1]);
    const { value, side, edges: witness } = minCut(graphOf(200, edges));
    expect(value).toBe(4);
    expect([...side]).toEqual(Array.from({ length: 100 }, (_, v) => v));
    expect([...witness]).toEqual([2000, 2001, 2002, 2003]);
  });

  it('says which components there are when the graph is not connected', () => {
    const problem = graphOf(7, [
      [0, 3],
      [3, 5],
      [1, 2],
      [4, 6],
      [0, 1, 0],
    ]);
    const { value, side, edges, components } = minCut(problem);
    expect(value).toBe(0);
    expect([...side]).toEqual([1, 2]);
    expect(edges).toHaveLength(0);
    expect(components.map((each) => [...each])).toEqual([
      [0, 3, 5],
      [1, 2],
      [4, 6],
    ]);
  });

  it('has no cut below two nodes', () => {
    for (const n of [0, 1]) {
      const { value, side, components } = minCut(graphOf(n, []));
      expect([value, side.length, components.length]).toEqual([0, 0, n]);
    }
  });

  it('is exact for fractions, and says by how much it may be wrong where weights are too far apart', () => {
    const fractions = minCut(
      graphOf(3, [
        [0, 1, 0.375],
        [1, 2, 0.375],
        [2, 0, 2 ** -48],
      ]),
    );
    expect([fractions.exact, fractions.errorBound]).toEqual([true, 0]);
    expect(fractions.value).toBe(0.375 + 2 ** -48);
    const random = new Random(15);
    let rounded = 0;
    for (let round = 0; round < scale(300); round++) {
      const n = 3 + random.below(6);
      const weight = () => random.float() * 2 ** (random.below(400) - 200);
      const problem = graphOf(
        n,
        Array.from({ length: 3 * n }, (): [number, number, number] => [
          random.below(n),
          random.below(n),
          weight(),
        ]),
      );
      const { value, exact, errorBound } = minCut(problem);
      let expected = Number.POSITIVE_INFINITY;
      for (let bits = 1; bits < 2 ** n - 1; bits++) expected = Math.min(expected, cutWeight(problem, bits));
      // The brute force adds doubles, which has an error of its own.
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(errorBound + 1e-12 * expected);
      if (!exact) rounded++;
    }
    expect(rounded).toBeGreaterThan(0);
    for (const tiny of [2 ** -1074, 1e-310, 1e308])
      expect(minCut(graphOf(2, [[0, 1, tiny]])).value).toBe(tiny);
    expect(
      minCut(
        graphOf(3, [
          [0, 1, 1e308],
          [1, 2, 5e-324],
        ]),
      ).side.length,
    ).toBe(1);
  });

  it('refuses what is no graph', () => {
    const bad: [Partial<CutProblem>, string][] = [
      [{ weights: Float64Array.of(-1) }, 'ERR_INTEGRITY_CAPACITY'],
      [{ weights: Float64Array.of(Number.NaN) }, 'ERR_INTEGRITY_CAPACITY'],
      [{ weights: Float64Array.of(Number.POSITIVE_INFINITY) }, 'ERR_INTEGRITY_CAPACITY'],
      [{ weights: [1] as never }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ sources: Uint32Array.of(0, 1) }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ targets: Uint32Array.of(2) }, 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [{ nodeCount: 1e9 }, 'ERR_INTEGRITY_LIMIT'],
      [{ nodeCount: 1.5 }, 'ERR_INTEGRITY_ARGUMENT'],
    ];
    for (const [change, code] of bad) {
      let error: unknown;
      try {
        minCut({ ...graphOf(2, [[0, 1, 1]]), ...change });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(IntegrityError);
      expect((error as IntegrityError).code).toBe(code);
    }
  });
});
