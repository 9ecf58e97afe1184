/** Draws a graph as SVG: sharp at every size, styled by the style sheet, good to about 300 nodes. */
import { svg } from './dom.js';
import { clip, figure } from './format.js';
import type { Point } from './graph-layout.js';
import { curveOf, type Scene, type SceneNode } from './graph-scene.js';

function n(value: number): string {
  return value.toFixed(1);
}

/** Part of a ring, clockwise from the top. */
function arc(radius: number, share: number): string {
  // A whole ring ends where it begins, and an arc with equal ends is none: so it is two.
  if (share >= 0.995)
    return `M0 ${n(-radius)}A${n(radius)} ${n(radius)} 0 1 1 0 ${n(radius)}A${n(radius)} ${n(radius)} 0 1 1 0 ${n(-radius)}`;
  const angle = 2 * Math.PI * Math.max(0, share);
  const [x, y] = [radius * Math.sin(angle), -radius * Math.cos(angle)];
  return `M0 ${n(-radius)}A${n(radius)} ${n(radius)} 0 ${angle > Math.PI ? 1 : 0} 1 ${n(x)} ${n(y)}`;
}

/** Side a is round, side b is square: colour is not the only sign. */
function nodeShape({ side, radius }: SceneNode): SVGElement {
  const half = radius * 0.86;
  return side === 'b'
    ? svg('rect', {
        class: 'node-shape',
        x: n(-half),
        y: n(-half),
        width: n(2 * half),
        height: n(2 * half),
        rx: 3,
      })
    : svg('circle', { class: 'node-shape', r: n(radius) });
}

function drawNode(node: SceneNode, at: Point, index: number, selected: boolean): SVGElement {
  const { name, side, health, radius, named } = node;
  const state = health < 0.3 ? 'critical' : health < 0.8 ? 'stress' : 'normal';
  return svg(
    'g',
    {
      class: `node side-${side ?? 'none'}${selected ? ' selected' : ''}`,
      transform: `translate(${n(at.x)} ${n(at.y)})`,
      'data-node': index,
    },
    selected ? svg('circle', { class: 'halo', r: n(radius + 9) }) : null,
    nodeShape(node),
    svg('circle', { class: 'ring-back', r: n(radius + 4) }),
    svg('path', { class: `ring ${state}`, d: arc(radius + 4, health) }),
    health < 0.5
      ? svg(
          'text',
          { class: 'mark', y: n(radius * 0.4), 'font-size': n(radius * 1.2) },
          health <= 0 ? '×' : '!',
        )
      : null,
    named || selected ? svg('text', { class: 'node-name', y: n(radius + 18) }, clip(name, 18)) : null,
  );
}

/**
 * @param points of the scene's nodes, in pixels
 * @param selected index of a node
 */
export function drawSvg(
  scene: Scene,
  points: readonly Point[],
  width: number,
  height: number,
  selected: number | undefined,
  summary: string,
): SVGSVGElement {
  const marker = (id: string): SVGElement =>
    svg(
      'marker',
      {
        id,
        viewBox: '0 0 8 8',
        refX: 6,
        refY: 4,
        markerWidth: 8,
        markerHeight: 8,
        markerUnits: 'userSpaceOnUse',
        orient: 'auto',
      },
      svg('path', { class: id, d: 'M0 0.5L8 4L0 7.5z' }),
    );
  const edges = scene.edges.map((edge) => {
    const { from, middle, to, half } = curveOf(edge, scene, points);
    const line = svg('path', {
      class: edge.cut ? 'edge cut' : edge.weight > 0 ? 'edge' : 'edge empty',
      d: `M${n(from.x)} ${n(from.y)}Q${n(middle.x)} ${n(middle.y)} ${n(to.x)} ${n(to.y)}`,
      'stroke-width': n(edge.cut ? edge.width + 1.5 : edge.width),
      'marker-end': edge.directed ? `url(#${edge.cut ? 'arrow-cut' : 'arrow'})` : undefined,
    });
    if (!edge.cut || scene.cutEdges > 24) return line;
    return svg(
      'g',
      {},
      line,
      svg('text', { class: 'edge-weight', x: n(half.x), y: n(half.y - 6) }, figure(edge.weight)),
    );
  });
  return svg(
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': summary },
    svg('defs', {}, marker('arrow'), marker('arrow-cut')),
    svg('g', {}, ...edges),
    svg('g', {}, ...scene.nodes.map((node, i) => drawNode(node, points[i] as Point, i, i === selected))),
  );
}
