import { describe, expect, it } from 'vitest';
import {
  ContractedGraph,
  type EdgeInput,
  type FlowOptions,
  flowSignal,
  IntegrityError,
} from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function graphOf(nodes: readonly string[], edges: readonly EdgeInput[]): ContractedGraph {
  const graph = new ContractedGraph();
  for (const name of nodes) graph.upsertNode({ name, type: name.replace(/\d+$/, '') });
  for (const edge of edges) graph.upsertEdge(edge);
  return graph;
}

const edge = (
  source: string,
  target: string,
  capacity: number,
  more: Partial<EdgeInput> = {},
): EdgeInput => ({
  source,
  target,
  type: 'pipe',
  directed: true,
  capacity,
  cost: { job: 1 },
  ...more,
});

const jobs: FlowOptions = { commodities: [{ name: 'job', sources: ['in'], sinks: ['out'] }] };

function lambda(graph: ContractedGraph, options: FlowOptions, offered: Record<string, number>): number {
  return flowSignal(graph.snapshot(), options, new Map(Object.entries(offered))).lambda;
}

describe('lambda_flow', () => {
  it('is 0.8 at 56 % and 0.3 at 77 % utilisation, 1 at half load, 0 at full load and beyond', () => {
    const graph = graphOf(['in', 'out'], [edge('in', 'out', 100)]);
    expect(lambda(graph, jobs, { job: 100 / 1.8 })).toBeCloseTo(0.8, 9);
    expect(lambda(graph, jobs, { job: 100 / 1.3 })).toBeCloseTo(0.3, 9);
    expect(lambda(graph, jobs, { job: 50 })).toBe(1);
    expect(lambda(graph, jobs, { job: 100 })).toBe(0);
    expect(lambda(graph, jobs, { job: 1000 })).toBe(0);
  });

  it('is 1 where nothing is asked for, also where nothing could be carried', () => {
    const graph = graphOf(['in', 'out'], [edge('in', 'out', 0)]);
    expect(lambda(graph, jobs, {})).toBe(1);
    expect(lambda(graph, jobs, { job: 0 })).toBe(1);
    expect(lambda(graph, jobs, { job: 1e-9 })).toBe(0);
  });

  it('is that of the tightest link of a chain, and adds up parallel ways', () => {
    const chain = graphOf(['in', 'mid', 'out'], [edge('in', 'mid', 90), edge('mid', 'out', 60)]);
    expect(lambda(chain, jobs, { job: 40 })).toBe(0.5);
    const parallel = graphOf(
      ['in', 'worker1', 'worker2', 'out'],
      ['worker1', 'worker2'].flatMap((worker) => [edge('in', worker, 30), edge(worker, 'out', 30)]),
    );
    expect(lambda(parallel, jobs, { job: 40 })).toBe(0.5);
    parallel.updateNode('worker2', { health: 0 });
    expect(lambda(parallel, jobs, { job: 20 })).toBe(0.5);
  });

  it('names the bottleneck: the edges of the minimum cut', () => {
    const graph = graphOf(['in', 'mid', 'out'], [edge('in', 'mid', 90), edge('mid', 'out', 60)]);
    const snapshot = graph.snapshot();
    const signal = flowSignal(snapshot, jobs, new Map([['job', 40]]));
    expect(signal.binding).toEqual({ kind: 'commodity', name: 'job' });
    expect([...signal.edges].map((j) => snapshot.edges[j]?.source)).toEqual(['mid']);
    expect([...signal.side].map((i) => snapshot.nodes[i]?.name)).toEqual(['in', 'mid']);
  });

  it('names the bottleneck also where others have taken all of its room', () => {
    const graph = graphOf(
      ['in', 'mid', 'out'],
      [
        edge('in', 'mid', 50, { type: 'enqueue' }),
        edge('mid', 'out', 100, { type: 'work', cost: { job: 1, other: 1 } }),
      ],
    );
    const options: FlowOptions = {
      commodities: [...jobs.commodities, { name: 'other', sources: ['mid'], sinks: ['out'] }],
    };
    for (const other of [99.9, 120]) {
      const snapshot = graph.snapshot();
      const signal = flowSignal(
        snapshot,
        options,
        new Map([
          ['job', 10],
          ['other', other],
        ]),
      );
      expect([...signal.edges].map((j) => snapshot.edges[j]?.type)).toEqual(['work']);
    }
  });

  it('converts units by the cost of an operation, and takes off what others ask for', () => {
    // 1,000 pages a second; a read costs 4 pages, a write 10; 50 writes leave 500 pages, 125 reads.
    const disk = edge('in', 'out', 1000, { cost: { read: 4, write: 10 } });
    const options: FlowOptions = {
      commodities: ['read', 'write'].map((name) => ({ name, sources: ['in'], sinks: ['out'] })),
    };
    const graph = graphOf(['in', 'out'], [disk]);
    const signal = flowSignal(
      graph.snapshot(),
      options,
      new Map([
        ['read', 100],
        ['write', 50],
      ]),
    );
    expect(signal.commodities.map(({ name, maxFlow, lambda: own }) => [name, maxFlow, own])).toEqual([
      ['read', 125, 0.25],
      ['write', 60, 60 / 50 - 1],
    ]);
    expect(signal.binding?.name).toBe('write');
    // What is measured at the edge counts in place of the whole rate; background load counts too.
    graph.updateEdge(disk, { offered: { write: 20 }, demand: 100 });
    const [read] = flowSignal(
      graph.snapshot(),
      options,
      new Map([
        ['read', 100],
        ['write', 50],
      ]),
    ).commodities;
    expect(read?.maxFlow).toBe(175);
  });

  it('is never above what the least cut of all allows', () => {
    const random = new Random(41);
    for (let round = 0; round < scale(200); round++) {
      const names = ['in', 'a', 'b', 'c', 'out'];
      const graph = graphOf(names, []);
      for (let i = 0; i < 9; i++) {
        const [source, target] = [random.pick(names), random.pick(names)];
        if (source === target) continue;
        graph.upsertEdge(
          edge(source, target, random.below(20), {
            directed: random.below(2) === 0,
            cost: { job: 2 },
            demand: random.below(5),
          }),
        );
      }
      const rate = 1 + random.below(8);
      const { edges } = graph.snapshot();
      let least = Number.POSITIVE_INFINITY;
      for (let bits = 0; bits < 32; bits++) {
        const near = (name: string) => (bits >> names.indexOf(name)) & 1;
        if (near('in') === 0 || near('out') === 1) continue;
        let sum = 0;
        for (const { source, target, directed, capacity, demand } of edges)
          if (near(source) !== near(target) && (near(source) === 1 || !directed))
            sum += Math.max(0, capacity - demand) / 2;
        least = Math.min(least, sum);
      }
      expect(lambda(graph, jobs, { job: rate })).toBe(Math.min(1, Math.max(0, least / rate - 1)));
    }
  });

  it('counts a reserve by the time that is left', () => {
    const graph = graphOf(['in', 'out'], [edge('in', 'out', 100)]);
    const reserve = { name: 'disk', free: 900, growth: 5, reactionSeconds: 120, edge: edge('in', 'out', 0) };
    const signal = flowSignal(graph.snapshot(), jobs, new Map([['job', 10]]), [reserve]);
    expect([signal.lambda, signal.binding?.kind, [...signal.edges]]).toEqual([0.5, 'reserve', [0]]);
    expect(signal.reserves[0]?.secondsLeft).toBe(180);
    for (const growth of [0, -3])
      expect(flowSignal(graph.snapshot(), jobs, new Map(), [{ ...reserve, growth }]).lambda).toBe(1);
  });

  it('falls to 0 where a commodity lost its last source or sink, and says so', () => {
    const graph = graphOf(['in', 'worker1', 'out'], [edge('in', 'worker1', 9), edge('worker1', 'out', 9)]);
    const options: FlowOptions = {
      commodities: [{ name: 'job', sources: ['in'], sinks: { type: 'worker' } }],
    };
    expect(lambda(graph, options, { job: 3 })).toBe(1);
    graph.removeNode('worker1');
    const signal = flowSignal(graph.snapshot(), options, new Map([['job', 3]]));
    expect([signal.lambda, signal.commodities[0]?.missing]).toEqual([0, 'sink']);
  });

  it('refuses contracts and rates that do not hold together', () => {
    const graph = graphOf(['in', 'out'], [edge('in', 'out', 1)]).snapshot();
    const commodity = { name: 'job', sources: ['in'], sinks: ['out'] };
    const bad: [() => unknown, string][] = [
      [() => flowSignal(graph, { ...jobs, headroom: 1 }, new Map()), 'headroom'],
      [() => flowSignal(graph, { commodities: [commodity, commodity] }, new Map()), 'commodities[1].name'],
      [() => flowSignal(graph, { commodities: [{ ...commodity, sinks: ['in'] }] }, new Map()), 'commodities'],
      [
        () => flowSignal(graph, { commodities: [{ ...commodity, sinks: {} as never }] }, new Map()),
        'commodities[0].sinks.type',
      ],
      [() => flowSignal(graph, jobs, new Map([['job', Number.NaN]])), 'offered.job'],
      [() => flowSignal(graph, jobs, new Map([['job', -1]])), 'offered.job'],
      [
        () => flowSignal(graph, jobs, new Map(), [{ name: 'd', free: 1, growth: 1, reactionSeconds: 0 }]),
        'reserves.d.reactionSeconds',
      ],
    ];
    for (const [run, field] of bad) {
      let error: unknown;
      try {
        run();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(IntegrityError);
      expect((error as IntegrityError).field).toBe(field);
    }
  });
});
