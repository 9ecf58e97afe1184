/** Shapes that say without colour what colours say. */
import type { StateName } from '../src/control/states.js';
import { svg } from './dom.js';
import type { Tick } from './verify.js';

const statePaths: Readonly<Record<StateName, string>> = {
  // A disc, a triangle, an octagon, and a ring with a gap.
  normal: 'M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20z',
  stress: 'M12 2L23 21H1z',
  critical: 'M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9z',
  unknown: 'M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20zm0 3.2a6.8 6.8 0 1 0 0 13.6a6.8 6.8 0 1 0 0-13.6z',
};
const stateMarks: Readonly<Record<StateName, string>> = {
  normal: 'M7.5 12.3l3.2 3.2l6-6.6',
  stress: 'M12 8.5v6M12 17.3v.9',
  critical: 'M8.2 8.2l7.6 7.6M15.8 8.2l-7.6 7.6',
  unknown: 'M9.8 10a2.3 2.3 0 1 1 3.2 2.1q-1 .5-1 1.5M12 15.6v.5',
};

/** The sign of a state. */
export function stateIcon(state: StateName): SVGSVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: `icon state-icon ${state}`, 'aria-hidden': 'true' },
    svg('path', { class: 'shape', d: statePaths[state], 'fill-rule': 'evenodd' }),
    svg('path', { class: 'mark', d: stateMarks[state] }),
  );
}

const tickNames: Readonly<Record<Tick, string>> = {
  here: 'checked here',
  server: 'checked by server',
  bad: 'does not hold',
  none: 'not checked',
};

/** What a tick means, in words. */
export function tickName(tick: Tick): string {
  return tickNames[tick];
}

/** A filled tick: checked here. An outlined one: the server's word. A cross: wrong. A dash: nobody looked. */
export function tickIcon(tick: Tick): SVGSVGElement {
  const mark = {
    here: 'M4.4 8.3l2.4 2.4l4.8-5',
    server: 'M4.4 8.3l2.4 2.4l4.8-5',
    bad: 'M5 5l6 6M11 5l-6 6',
    none: 'M5 8h6',
  };
  return svg(
    'svg',
    { viewBox: '0 0 16 16', class: `icon tick ${tick}`, 'aria-hidden': 'true' },
    tick === 'bad'
      ? svg('rect', { class: 'shape', x: 1, y: 1, width: 14, height: 14, rx: 2 })
      : svg('circle', { class: 'shape', cx: 8, cy: 8, r: 7 }),
    svg('path', { class: 'mark', d: mark[tick] }),
  );
}
