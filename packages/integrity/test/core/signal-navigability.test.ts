import { describe, expect, it } from 'vitest';
import {
  ContractedGraph,
  type CutProblem,
  leastCutPerRow,
  navigability,
  regionsOf,
  structureSignal,
} from '../../src/index.js';
import { cutWeight, graphOf } from '../support/cut-graphs.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

/** Least cut per row over every way to part the regions. */
function bruteForce(problem: CutProblem, rows: Float64Array, minShare: number): number {
  const n = problem.nodeCount;
  const total = rows.reduce((sum, each) => sum + each, 0);
  let best = Number.POSITIVE_INFINITY;
  for (let bits = 1; bits < 2 ** (n - 1); bits++) {
    let inside = 0;
    for (let v = 0; v < n; v++) if (((bits >> v) & 1) === 1) inside += rows[v] as number;
    const fewer = Math.min(inside, total - inside);
    if (fewer > 0 && fewer >= minShare * total) best = Math.min(best, cutWeight(problem, bits) / fewer);
  }
  return best;
}

/** Regions in two groups with few links between them, or in one. */
function regions(random: Random, n: number): { problem: CutProblem; rows: Float64Array } {
  const split = random.below(2) === 0 ? Math.floor(n / 2) : n;
  const edges: [number, number, number][] = [];
  for (let u = 0; u < n; u++)
    for (let v = u + 1; v < n; v++)
      if (u < split === v < split) edges.push([u, v, 20 + random.below(30)]);
      else if (random.below(4) === 0) edges.push([u, v, 1 + random.below(3)]);
  return {
    problem: graphOf(n, edges),
    rows: Float64Array.from({ length: n }, () => (random.below(8) === 0 ? 0 : 50 + random.below(100))),
  };
}

describe('lambda_nav', () => {
  it('is never below the least cut per row of all, mostly that, and near it otherwise', () => {
    const random = new Random(51);
    let equal = 0;
    let excess = 0;
    const sizes = [
      ...Array.from({ length: scale(120) }, () => 3 + random.below(8)),
      14,
      ...(scale(20) > 1 ? [16] : []),
    ];
    for (const n of sizes) {
      const { problem, rows } = regions(random, n);
      const found = leastCutPerRow(problem, rows);
      const least = bruteForce(problem, rows, 0.01);
      if (found === undefined) {
        expect(rows.filter((each) => each > 0).length).toBeLessThan(2);
        equal++;
        continue;
      }
      expect(found.perRow).toBeGreaterThanOrEqual(least);
      const bits = [...found.side].reduce((sum, v) => sum | (1 << v), 0);
      expect(cutWeight(problem, bits)).toBe(found.value);
      let sideRows = 0;
      for (const v of found.side) sideRows += rows[v] as number;
      expect(sideRows).toBe(found.rows);
      expect(found.perRow).toBe(found.value / found.rows);
      let witness = 0;
      for (const j of found.edges) witness += problem.weights[j] as number;
      expect(witness).toBe(found.value);
      if (found.perRow === least) equal++;
      excess += least === 0 ? 0 : found.perRow / least - 1;
    }
    // Shares mean something for many graphs only: an interpreter sees a few.
    if (sizes.length < 100) return;
    expect(equal / sizes.length).toBeGreaterThan(0.6);
    expect(excess / sizes.length).toBeLessThan(0.12);
  });

  it('sees half of an index come loose while every region has links enough', () => {
    const n = 8;
    const build = (across: number): CutProblem => {
      const edges: [number, number, number][] = [[0, 4, across]];
      for (const base of [0, 4])
        for (let u = 0; u < 4; u++) for (let v = u + 1; v < 4; v++) edges.push([base + u, base + v, 400]);
      return graphOf(n, edges);
    };
    const rows = new Float64Array(n).fill(100);
    const baseline = leastCutPerRow(build(400), rows)?.perRow as number;
    expect(baseline).toBe(1);
    expect(navigability(build(400), rows, { baseline }).lambda).toBe(1);
    const worn = navigability(build(300), rows, { baseline });
    expect([worn.ratio, worn.lambda]).toEqual([0.75, 0.5]);
    expect([...(worn.cut?.side ?? [])]).toEqual([0, 1, 2, 3]);
    expect(navigability(build(300), rows, { baseline, failRatio: 0 }).lambda).toBe(0.75);
    expect(navigability(build(0), rows, { baseline }).lambda).toBe(0);
  });

  it('does not call a region of few rows a side', () => {
    const problem = graphOf(3, [
      [0, 1, 1000],
      [1, 2, 1],
    ]);
    expect(leastCutPerRow(problem, Float64Array.of(1000, 1000, 5))?.value).toBe(1000);
    expect(leastCutPerRow(problem, Float64Array.of(1000, 1000, 5), { minShare: 0.001 })?.value).toBe(1);
    expect(leastCutPerRow(problem, Float64Array.of(1000, 0, 0))).toBeUndefined();
    // Nothing can be said: that is no data, and no good news.
    expect(() => navigability(problem, Float64Array.of(1000, 0, 0), { baseline: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_INTEGRITY_POLICY', field: 'regions' }),
    );
  });

  it('sees many small regions, none of which has a hundredth of the rows', () => {
    // A ring of 256 equal regions with chords.
    const n = 256;
    const edges = (links: (u: number) => number) =>
      graphOf(
        n,
        Array.from({ length: n }, (_, u) =>
          [1, 7, 31].map((d): [number, number, number] => [u, (u + d) % n, links(u)]),
        ).flat(),
      );
    const rows = new Float64Array(n).fill(1000);
    const baseline = leastCutPerRow(
      edges(() => 100),
      rows,
    )?.perRow as number;
    expect(baseline).toBeGreaterThan(0);
    expect(
      navigability(
        edges(() => 100),
        rows,
        { baseline },
      ).lambda,
    ).toBe(1);
    expect(
      navigability(
        edges(() => 1),
        rows,
        { baseline },
      ).lambda,
    ).toBe(0);
    expect(
      navigability(
        edges((u) => (u < n / 2 ? 0.1 : 100)),
        rows,
        { baseline },
      ).lambda,
    ).toBe(0);
  });

  it('takes its regions from a graph: rows from weights, links both ways together', () => {
    const graph = new ContractedGraph();
    for (const [name, type, weight] of [
      ['r1', 'region', 100],
      ['r2', 'region', 50],
      ['w', 'worker', 9],
    ] as const)
      graph.upsertNode({ name, type, weight });
    graph.upsertEdge({ source: 'r1', target: 'r2', type: 'links', directed: true, capacity: 4 });
    graph.upsertEdge({ source: 'r2', target: 'r1', type: 'links', directed: true, capacity: 6 });
    graph.upsertEdge({ source: 'r1', target: 'w', type: 'links', capacity: 99 });
    graph.upsertEdge({ source: 'r1', target: 'r2', type: 'other', capacity: 99 });
    const { problem, rows, nodes, edges } = regionsOf(graph.snapshot(), ['region'], ['links']);
    expect(leastCutPerRow(problem, rows)).toMatchObject({ perRow: 0.2, value: 10, rows: 50 });
    expect([[...nodes], [...edges]]).toEqual([
      [0, 1],
      [0, 3],
    ]);
  });

  it('refuses rows and baselines that cannot be', () => {
    const problem = graphOf(2, [[0, 1]]);
    expect(() => leastCutPerRow(problem, Float64Array.of(1))).toThrow(/one number for each of the 2 regions/);
    expect(() => leastCutPerRow(problem, Float64Array.of(1, -1))).toThrow(/rows\[1\]/);
    expect(() => navigability(problem, Float64Array.of(1, 1), { baseline: 0 })).toThrow(/baseline/);
    expect(() => navigability(problem, Float64Array.of(1, 1), { baseline: 1, failRatio: 1 })).toThrow(
      /failRatio/,
    );
    expect(() => leastCutPerRow(problem, Float64Array.of(1, 1), { minShare: 0.6 })).toThrow(/minShare/);
  });
});

describe('lambda_structure', () => {
  it('is the minimum cut relative to the healthy one', () => {
    const ring = graphOf(3, [
      [0, 1, 5],
      [1, 2, 5],
      [2, 0, 5],
    ]);
    expect(structureSignal(ring, { baseline: 16 }).lambda).toBe(0.625);
    expect(structureSignal(ring, { baseline: 16, failRatio: 0.25 }).lambda).toBe(0.5);
    expect(structureSignal(ring, { baseline: 5 }).lambda).toBe(1);
    expect(() => structureSignal(ring, { baseline: Number.NaN })).toThrow(/baseline/);
  });
});
