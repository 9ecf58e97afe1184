import { beforeEach, describe, expect, it } from 'vitest';
import { ContractedGraph, type GraphChange, IntegrityError } from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function errorOf(run: () => unknown): IntegrityError {
  try {
    run();
  } catch (error) {
    if (error instanceof IntegrityError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** All that can be seen of a graph, in its canonical order. */
function picture(graph: ContractedGraph): unknown {
  const { nodes, edges, weights } = graph.snapshot();
  return { nodes, edges, weights: [...weights] };
}

describe('a contracted graph', () => {
  let graph: ContractedGraph;

  beforeEach(() => {
    graph = new ContractedGraph();
    graph.upsertNode({ name: 'a', type: 'worker' });
    graph.upsertNode({ name: 'b', type: 'queue' });
  });

  it('weighs an edge by its capacity, its health and the lesser health of its ends', () => {
    graph.upsertEdge({ source: 'a', target: 'b', type: 'feeds', capacity: 80, health: 0.5 });
    graph.updateNode('a', { health: 0.75 });
    graph.updateNode('b', { health: 0.25 });
    expect([...graph.snapshot().weights]).toEqual([10]);
  });

  it('has one undirected edge of a type between two nodes, whatever the order of the ends', () => {
    graph.upsertEdge({ source: 'a', target: 'b', type: 'feeds', capacity: 1 });
    graph.upsertEdge({ source: 'b', target: 'a', type: 'feeds', capacity: 2 });
    expect(graph.edgeCount).toBe(1);
    expect(graph.edge({ source: 'b', target: 'a', type: 'feeds' }).capacity).toBe(2);
  });

  it('keeps edges of other types and directions apart', () => {
    for (const change of [
      { type: 'x' },
      { type: 'y' },
      { type: 'x', directed: true },
      { type: 'x', directed: true, source: 'b', target: 'a' },
    ])
      graph.upsertEdge({ source: 'a', target: 'b', capacity: 1, ...change });
    expect(graph.edgeCount).toBe(4);
  });

  it('keeps what a change leaves out', () => {
    const key = { source: 'a', target: 'b', type: 'feeds' };
    graph.upsertEdge({
      ...key,
      capacity: 5,
      demand: 2,
      health: 0.5,
      cost: { read: 2 },
      offered: { read: 7 },
    });
    graph.updateEdge(key, { capacity: 6 });
    const edge = graph.edge(key);
    expect([edge.capacity, edge.demand, edge.health]).toEqual([6, 2, 0.5]);
    expect(edge.cost.get('read')).toBe(2);
    expect(edge.offered.get('read')).toBe(7);
  });

  it('takes names that objects have of their own', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      graph.upsertNode({ name, type: '__proto__' });
    graph.upsertEdge({ source: '__proto__', target: 'constructor', type: 'valueOf', capacity: 1 });
    expect(graph.nodeCount).toBe(6);
    expect(graph.snapshot().indexOf('__proto__')).toBe(0);
    expect(graph.snapshot().indexOf('isPrototypeOf')).toBeUndefined();
  });

  it('keeps edges apart whose names put together are the same', () => {
    for (const name of ['ab', 'c', 'bc']) graph.upsertNode({ name, type: 'n' });
    graph.upsertEdge({ source: 'ab', target: 'c', type: 't', capacity: 1 });
    graph.upsertEdge({ source: 'a', target: 'bc', type: 't', capacity: 1 });
    expect(graph.edgeCount).toBe(2);
  });

  it('removes the edges of a node with it', () => {
    graph.upsertEdge({ source: 'a', target: 'b', type: 'x', capacity: 1 });
    graph.upsertEdge({ source: 'a', target: 'b', type: 'y', capacity: 1 });
    graph.removeNode('a');
    expect([graph.nodeCount, graph.edgeCount]).toEqual([1, 0]);
  });

  it('gives the same snapshot until something changes, and tells shape from numbers', () => {
    graph.upsertEdge({ source: 'a', target: 'b', type: 'x', capacity: 1 });
    const first = graph.snapshot();
    expect(graph.snapshot()).toBe(first);
    graph.updateNode('a', { health: 0.5 });
    const second = graph.snapshot();
    expect(second).not.toBe(first);
    expect(second.shape).toBe(first.shape);
    expect([...first.weights, ...second.weights]).toEqual([1, 0.5]);
    graph.removeNode('b');
    expect(graph.snapshot().shape).toBeGreaterThan(second.shape);
  });

  it('has a snapshot that does not depend on who came first', () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const build = (random: Random): unknown => {
      const built = new ContractedGraph();
      const todo = [...names];
      while (todo.length > 0)
        built.upsertNode({ name: todo.splice(random.below(todo.length), 1)[0] as string, type: 't' });
      const pairs = names.flatMap((source, i) =>
        names.slice(i + 1).map((target) => [source, target] as const),
      );
      while (pairs.length > 0) {
        const [one, other] = pairs.splice(random.below(pairs.length), 1)[0] as [string, string];
        built.upsertEdge({ source: one, target: other, type: 'e', directed: true, capacity: one.length });
      }
      return picture(built);
    };
    expect(build(new Random(1))).toEqual(build(new Random(2)));
  });

  it('refuses what is no number, out of range or unknown, and names the field', () => {
    const edge = { source: 'a', target: 'b', type: 'x' };
    for (const capacity of [-1, Number.NaN, Number.POSITIVE_INFINITY, '3' as never, undefined as never]) {
      const error = errorOf(() => graph.upsertEdge({ ...edge, capacity }));
      expect([error.code, error.field]).toEqual(['ERR_INTEGRITY_CAPACITY', 'capacity']);
    }
    const cases: [() => unknown, string, string][] = [
      [() => graph.upsertEdge({ ...edge, capacity: 1, demand: -1 }), 'ERR_INTEGRITY_CAPACITY', 'demand'],
      [() => graph.upsertEdge({ ...edge, capacity: 1, health: 1.1 }), 'ERR_INTEGRITY_ARGUMENT', 'health'],
      [
        () => graph.upsertEdge({ ...edge, capacity: 1, cost: { read: 0 } }),
        'ERR_INTEGRITY_CAPACITY',
        'cost.read',
      ],
      [() => graph.upsertEdge({ ...edge, capacity: 1, cost: [] as never }), 'ERR_INTEGRITY_ARGUMENT', 'cost'],
      [() => graph.upsertEdge({ ...edge, target: 'z', capacity: 1 }), 'ERR_INTEGRITY_UNKNOWN_NODE', 'target'],
      [() => graph.upsertEdge({ ...edge, target: 'a', capacity: 1 }), 'ERR_INTEGRITY_ARGUMENT', 'target'],
      [() => graph.upsertEdge({ ...edge, type: '', capacity: 1 }), 'ERR_INTEGRITY_ARGUMENT', 'type'],
      [() => graph.removeEdge(edge), 'ERR_INTEGRITY_UNKNOWN_EDGE', 'source'],
      [() => graph.removeNode('z'), 'ERR_INTEGRITY_UNKNOWN_NODE', 'name'],
      [() => graph.upsertNode({ name: 'a', type: 'other' }), 'ERR_INTEGRITY_ARGUMENT', 'type'],
      [() => graph.upsertNode({ name: '\ud800', type: 't' }), 'ERR_INTEGRITY_ARGUMENT', 'name'],
      [() => graph.upsertNode({ name: 'x'.repeat(129), type: 't' }), 'ERR_INTEGRITY_ARGUMENT', 'name'],
      [() => graph.upsertNode({ name: 'n', type: 't', weight: -1 }), 'ERR_INTEGRITY_CAPACITY', 'weight'],
      [() => graph.batch([null as never]), 'ERR_INTEGRITY_ARGUMENT', 'changes[0].change'],
      [() => graph.batch([{ op: 'drop' } as never]), 'ERR_INTEGRITY_ARGUMENT', 'changes[0].op'],
      [() => graph.batch(7 as never), 'ERR_INTEGRITY_ARGUMENT', 'changes'],
      [() => new ContractedGraph({ maxNodes: 5000 }), 'ERR_INTEGRITY_ARGUMENT', 'maxNodes'],
    ];
    const before = picture(graph);
    for (const [run, code, field] of cases) {
      const error = errorOf(run);
      expect([error.code, error.field]).toEqual([code, field]);
    }
    expect(picture(graph)).toEqual(before);
  });

  it('refuses to hold rows: it stops at its limits, in all and for each type', () => {
    const small = new ContractedGraph({ nodeTypes: { region: 3, entry: 1 }, edgeTypes: ['links'] });
    for (let i = 0; i < 3; i++) small.upsertNode({ name: `r${i}`, type: 'region' });
    expect(errorOf(() => small.upsertNode({ name: 'r3', type: 'region' })).code).toBe('ERR_INTEGRITY_LIMIT');
    expect(errorOf(() => small.upsertNode({ name: 'row', type: 'row' })).code).toBe('ERR_INTEGRITY_ARGUMENT');
    const edge = { source: 'r0', target: 'r1', type: 'near', capacity: 1 };
    expect(errorOf(() => small.upsertEdge(edge)).field).toBe('type');
    for (let i = 2; i < 2000; i++) graph.upsertNode({ name: `n${i}`, type: 'worker' });
    const error = errorOf(() => graph.upsertNode({ name: 'one more', type: 'worker' }));
    expect(error.code).toBe('ERR_INTEGRITY_LIMIT');
    expect(error.message).toMatch(/never for a row/);
    graph.removeNode('n2');
    graph.upsertNode({ name: 'one more', type: 'worker' });
    expect(graph.nodeCount).toBe(2000);
  });
});

describe('a batch', () => {
  it('is done whole or not at all', () => {
    const random = new Random(4);
    const graph = new ContractedGraph({ maxNodes: 12 });
    const name = () => `n${random.below(16)}`;
    const change = (): GraphChange => {
      const edge = {
        source: name(),
        target: name(),
        type: random.pick(['x', 'y']),
        directed: random.below(2) === 0,
      };
      switch (random.below(6)) {
        case 0:
          return { op: 'node', name: name(), type: 't', health: random.float() };
        case 1:
          return { op: 'remove-node', name: name() };
        case 2:
          return { op: 'remove-edge', ...edge };
        case 3:
          return { op: 'update-node', name: name(), weight: random.below(100) };
        case 4:
          return { op: 'update-edge', ...edge, demand: random.below(9) - 1 };
        default:
          return { op: 'edge', ...edge, capacity: random.below(20) - 1 };
      }
    };
    for (let i = 0; i < 8; i++) graph.upsertNode({ name: `n${i}`, type: 't' });
    let done = 0;
    let failed = 0;
    for (let round = 0; round < scale(4000); round++) {
      const changes = Array.from({ length: 1 + random.below(3) }, change);
      const before = picture(graph);
      const { version, shape } = graph;
      const single = new ContractedGraph({ maxNodes: 12 });
      for (const node of graph.nodes()) single.upsertNode(node);
      for (const edge of graph.edges())
        single.upsertEdge({
          ...edge,
          cost: Object.fromEntries(edge.cost),
          offered: Object.fromEntries(edge.offered),
        });
      let failure: unknown;
      try {
        graph.batch(changes);
        done++;
      } catch (error) {
        failure = error;
        failed++;
      }
      if (failure === undefined) {
        for (const each of changes) single.batch([each]);
        expect(picture(graph)).toEqual(picture(single));
      } else {
        expect((failure as IntegrityError).field).toMatch(/^changes\[\d\]/);
        expect(picture(graph)).toEqual(before);
        expect([graph.version, graph.shape]).toEqual([version, shape]);
      }
    }
    expect(done).toBeGreaterThan(scale(4000) / 20);
    expect(failed).toBeGreaterThan(scale(4000) / 20);
  });

  it('says which change failed and why', () => {
    const graph = new ContractedGraph();
    const error = errorOf(() =>
      graph.batch([
        { op: 'node', name: 'a', type: 't' },
        { op: 'edge', source: 'a', target: 'b', type: 'x', capacity: 1 },
      ]),
    );
    expect([error.code, error.field]).toEqual(['ERR_INTEGRITY_UNKNOWN_NODE', 'changes[1].target']);
    expect(graph.nodeCount).toBe(0);
  });
});
