import { describe, expect, it } from 'vitest';
import type { ServedView } from '../../src/adapters/source.js';
import { applyViewDelta, type ViewDelta, ViewEncoder } from '../../src/adapters/view-delta.js';
import { sampleView, VIEW_TIME } from '../support/page-views.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

/** Some other view that a system might show next. */
function next(view: ServedView, random: Random): ServedView {
  const at = view.at + 1 + random.below(500);
  const history = [...view.history];
  for (let i = random.below(4); i > 0; i--)
    history.push({ at: random.below(3) === 0 ? at : VIEW_TIME, lambdaPpm: random.below(3), state: 'stress' });
  history.splice(0, random.below(3));
  const edges = view.graph.edges.map((edge) =>
    random.below(4) === 0 ? { ...edge, weight: random.below(3) } : edge,
  );
  if (random.below(10) === 0) edges.push(edges[0] ?? { ...sampleView().graph.edges[0]! });
  if (random.below(12) === 0) edges.splice(random.below(edges.length), 1);
  const entries = [...(view.log?.entries ?? [])];
  const seq = (entries[entries.length - 1]?.seq ?? -1) + 1;
  entries.push({ seq, at, type: '__proto__', hash: 'h', prev: 'p', key: null, verified: true, body: '{}' });
  entries.splice(0, Math.max(0, entries.length - 8));
  return {
    ...view,
    at,
    sample: random.below(5) === 0 ? null : (sampleView().sample ?? null),
    history,
    graph: { version: view.graph.version + random.below(2), nodes: view.graph.nodes, edges },
    log:
      random.below(20) === 0
        ? null
        : { ...(view.log ?? sampleView().log!), size: seq + 1, entries, keys: [] },
  };
}

describe('ViewEncoder and applyViewDelta', () => {
  it('give the view again, whatever changed', () => {
    const random = new Random(1);
    for (let run = 0; run < scale(40); run++) {
      const encoder = new ViewEncoder();
      let view = sampleView();
      expect(encoder.push(view)).toBeUndefined();
      let shown = JSON.parse(encoder.full()) as ServedView;
      for (let step = 0; step < 30; step++) {
        view = next(view, random);
        const delta = encoder.push(view);
        shown =
          delta === undefined
            ? (JSON.parse(encoder.full()) as ServedView)
            : applyViewDelta(shown, JSON.parse(delta) as ViewDelta);
        expect(shown).toEqual(JSON.parse(JSON.stringify(view)));
      }
    }
  });

  it('send only what is new where history slides and nothing else happens', () => {
    const encoder = new ViewEncoder();
    const view = sampleView();
    encoder.push(view);
    const point = { at: VIEW_TIME, lambdaPpm: 1, state: 'stress' as const };
    const delta = encoder.push({ ...view, history: [...view.history.slice(1), point] });
    expect(JSON.parse(delta ?? '')).toEqual({ fields: {}, lists: { history: { drop: 1, add: [point] } } });
  });

  it('send one edge where one edge changes in a graph of a thousand', () => {
    const view = sampleView();
    const edge = view.graph.edges[0]!;
    const edges = Array.from({ length: 1000 }, (_, i) => ({ ...edge, target: `worker-${i}` }));
    const encoder = new ViewEncoder();
    encoder.push({ ...view, graph: { ...view.graph, edges } });
    const changed = edges.map((old, i) => (i === 700 ? { ...old, weight: 0 } : old));
    const delta = encoder.push({ ...view, graph: { ...view.graph, edges: changed } });
    expect(JSON.parse(delta ?? '')).toEqual({
      fields: {},
      lists: { 'graph.edges': { put: [[700, changed[700]]] } },
    });
  });

  it('keep the parts that did not change the same objects', () => {
    const view = sampleView();
    const after = applyViewDelta(view, { fields: { at: 5 }, lists: {} });
    expect(after.at).toBe(5);
    expect(after.graph.nodes).toBe(view.graph.nodes);
    expect(after.history).toBe(view.history);
  });

  it('ask for a whole view when a part is gone', () => {
    const encoder = new ViewEncoder();
    encoder.push(sampleView());
    expect(encoder.push(sampleView({ log: null }))).toBeUndefined();
  });
});
