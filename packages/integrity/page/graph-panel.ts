/** The graph: drawing, looking at a node by pointer or keys, and the same in tables. */
import type { ServedView } from '../src/adapters/source.js';
import { byId, el, setText, svg } from './dom.js';
import { clip, figure, several } from './format.js';
import { drawCanvas } from './graph-canvas.js';
import { fit, GraphLayout, type Point } from './graph-layout.js';
import { type Scene, sceneOf } from './graph-scene.js';
import { drawSvg } from './graph-svg.js';

const svgUpTo = 300;
const tableUpTo = 500;

export class GraphPanel {
  readonly #root = byId('graph');
  readonly #tables = byId('graph-tables') as HTMLDetailsElement;
  readonly #canvas = el('canvas', { role: 'img' });
  readonly #layout = new GraphLayout(() => this.#draw());
  #view: ServedView | undefined;
  #scene: Scene | undefined;
  #points: readonly Point[] = [];
  /** By name, since indices change with the graph. */
  #selected: string | undefined;

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(this.#root);
    this.#root.addEventListener('keydown', (event) => this.#key(event));
    this.#root.addEventListener('pointermove', (event) => this.#point(event));
    this.#root.addEventListener('pointerdown', (event) => this.#point(event));
    this.#tables.addEventListener('toggle', () => this.#drawTables());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    this.#drawLegend();
  }

  update(view: ServedView): void {
    const before = this.#view;
    this.#view = view;
    const graphChanged =
      before === undefined ||
      before.graph.nodes !== view.graph.nodes ||
      before.graph.edges !== view.graph.edges;
    if (!graphChanged && before.sample === view.sample) return;
    this.#scene = sceneOf(view);
    if (graphChanged) this.#layout.update(view.graph);
    this.#draw();
    this.#drawTables();
  }

  #summary({ nodes, edges, cutEdges }: Scene): string {
    return `${several(nodes.length, 'node')}, ${several(edges.length, 'edge')}; current cut: ${several(cutEdges, 'edge')}`;
  }

  #draw(): void {
    const scene = this.#scene;
    const width = this.#root.clientWidth;
    if (scene === undefined || width === 0) return;
    // A settling layout draws before it knows a graph's newest nodes.
    if (this.#layout.points.length !== scene.nodes.length) return;
    if (scene.nodes.length === 0) {
      this.#root.replaceChildren(el('p', { class: 'line' }, 'The graph has no nodes.'));
      return;
    }
    const height = Math.max(200, this.#root.clientHeight);
    // Where there is more height than width, a flow goes from top to bottom.
    const turned = this.#layout.flows && height > 0.9 * width;
    const points = turned ? this.#layout.points.map(({ x, y }) => ({ x: y, y: x })) : this.#layout.points;
    this.#points = fit(points, width, height, scene.nodes.length > svgUpTo ? 24 : 46);
    const index = scene.nodes.findIndex(({ name }) => name === this.#selected);
    const selected = index < 0 ? undefined : index;
    const summary = this.#summary(scene);
    if (scene.nodes.length <= svgUpTo) {
      this.#root.replaceChildren(drawSvg(scene, this.#points, width, height, selected, summary));
    } else {
      drawCanvas(this.#canvas, scene, this.#points, width, height, selected);
      this.#canvas.setAttribute('aria-label', summary);
      if (this.#root.firstChild !== this.#canvas) this.#root.replaceChildren(this.#canvas);
    }
    this.#describe(selected);
  }

  #describe(index: number | undefined): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    const node = index === undefined ? undefined : scene.nodes[index];
    if (node === undefined) {
      setText(byId('graph-detail'), this.#summary(scene));
      return;
    }
    const touching = scene.edges.filter(({ source, target }) => source === index || target === index);
    const cut = touching.filter((edge) => edge.cut).length;
    const side = node.side === undefined ? '' : `, side ${node.side.toUpperCase()}`;
    setText(
      byId('graph-detail'),
      `${clip(node.name, 64)} (${clip(node.type, 32)}): health ${figure(node.health)}, weight ${figure(node.weight)}${side}; ${several(touching.length, 'edge')}, ${cut} of them in the cut`,
    );
  }

  #select(index: number | undefined): void {
    const name = index === undefined ? undefined : this.#scene?.nodes[index]?.name;
    if (name === this.#selected) return;
    this.#selected = name;
    this.#draw();
  }

  #point(event: PointerEvent): void {
    const box = this.#root.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let nearest: number | undefined;
    let distance = 28;
    for (const [i, point] of this.#points.entries()) {
      const away = Math.hypot(point.x - x, point.y - y);
      if (away < distance) [nearest, distance] = [i, away];
    }
    if (nearest !== undefined || event.type === 'pointerdown') this.#select(nearest);
  }

  /** Arrows go to the nearest node in their direction; Escape lets go. */
  #key(event: KeyboardEvent): void {
    const scene = this.#scene;
    if (scene === undefined || scene.nodes.length === 0) return;
    const directions: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    if (event.key === 'Escape') this.#select(undefined);
    const direction = Object.hasOwn(directions, event.key) ? directions[event.key] : undefined;
    if (direction === undefined) return;
    event.preventDefault();
    const index = scene.nodes.findIndex(({ name }) => name === this.#selected);
    const here = this.#points[index];
    if (here === undefined) {
      this.#select(0);
      return;
    }
    let best: number | undefined;
    let least = Infinity;
    for (const [i, { x, y }] of this.#points.entries()) {
      const ahead = (x - here.x) * direction[0] + (y - here.y) * direction[1];
      const aside = Math.abs((x - here.x) * direction[1] - (y - here.y) * direction[0]);
      if (i === index || ahead <= 0) continue;
      const cost = ahead + 2 * aside;
      if (cost < least) [best, least] = [i, cost];
    }
    if (best !== undefined) this.#select(best);
  }

  #drawLegend(): void {
    const sign = (text: string, ...shapes: readonly SVGElement[]): HTMLElement =>
      el(
        'li',
        {},
        svg('svg', { viewBox: '0 0 32 16', class: 'sign', 'aria-hidden': 'true' }, ...shapes),
        text,
      );
    byId('graph-legend').replaceChildren(
      sign('current cut', svg('path', { class: 'edge cut', d: 'M2 8h28', 'stroke-width': 3 })),
      sign(
        'side A',
        svg('g', { class: 'node side-a' }, svg('circle', { class: 'node-shape', cx: 16, cy: 8, r: 6 })),
      ),
      sign(
        'side B',
        svg(
          'g',
          { class: 'node side-b' },
          svg('rect', { class: 'node-shape', x: 10, y: 2, width: 12, height: 12, rx: 2 }),
        ),
      ),
      sign(
        'ring: health',
        svg('circle', { class: 'ring-back', cx: 16, cy: 8, r: 6 }),
        svg('path', { class: 'ring stress', d: 'M16 2a6 6 0 1 1-6 6' }),
      ),
      sign(
        'width: what an edge can carry',
        svg('path', { class: 'edge', d: 'M2 5h28', 'stroke-width': 1 }),
        svg('path', { class: 'edge', d: 'M2 11h28', 'stroke-width': 5 }),
      ),
    );
  }

  /** Only while they are open: a table of thousands is work. */
  #drawTables(): void {
    const place = this.#tables.querySelector('.scroll');
    if (place === null || !this.#tables.open || this.#view === undefined || this.#scene === undefined) return;
    const { graph } = this.#view;
    const { nodes, edges } = this.#scene;
    const table = (
      caption: string,
      heads: readonly string[],
      rows: readonly (readonly string[])[],
    ): HTMLElement =>
      el(
        'table',
        {},
        el(
          'caption',
          {},
          rows.length > tableUpTo ? `${caption} (the first ${tableUpTo} of ${rows.length})` : caption,
        ),
        el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
        el(
          'tbody',
          {},
          ...rows
            .slice(0, tableUpTo)
            .map((row) =>
              el(
                'tr',
                {},
                ...row.map((cell, i) => (i === 0 ? el('th', { scope: 'row' }, cell) : el('td', {}, cell))),
              ),
            ),
        ),
      );
    const name = (i: number): string => clip(nodes[i]?.name ?? '', 48);
    place.replaceChildren(
      table(
        'Edges, the cut first',
        ['edge', 'type', 'weight', 'in the cut'],
        [...edges]
          .reverse()
          .map(({ source, target, type, directed, weight, cut }) => [
            `${name(source)} ${directed ? '→' : '–'} ${name(target)}`,
            clip(type, 32),
            figure(weight),
            cut ? 'yes' : 'no',
          ]),
      ),
      table(
        'Nodes',
        ['node', 'type', 'health', 'weight', 'side'],
        graph.nodes.map((node, i) => [
          clip(node.name, 48),
          clip(node.type, 32),
          figure(node.health),
          figure(node.weight),
          nodes[i]?.side?.toUpperCase() ?? '-',
        ]),
      ),
    );
  }
}
