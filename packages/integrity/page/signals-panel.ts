/** The signals, which of them decided, and what the sample found. */
import type { ServedView } from '../src/adapters/source.js';
import { byId, el } from './dom.js';
import { clip, figure, ratio, several } from './format.js';

const mostWitnesses = 12;

function bar(ppm: number | null): HTMLElement {
  const inner = el('span', { class: 'bar-fill' });
  // Through the object model: the page's policy forbids styles in markup.
  inner.style.width = `${((ppm ?? 0) / 1e6) * 100}%`;
  return el('span', { class: 'bar', 'aria-hidden': 'true' }, inner);
}

export class SignalsPanel {
  #sample: ServedView['sample'] | undefined;

  update({ sample }: ServedView): void {
    if (sample === this.#sample) return;
    this.#sample = sample;
    const root = byId('signals');
    if (sample === null) {
      root.replaceChildren(el('p', { class: 'line' }, 'No sample yet.'));
      return;
    }
    const signals = sample.signals.map(({ name, lambdaPpm, about }) =>
      el(
        'li',
        { class: name === sample.binding ? 'signal binding' : 'signal' },
        el(
          'span',
          { class: 'signal-name' },
          clip(name, 24),
          name === sample.binding ? el('span', { class: 'badge decides' }, 'decides') : null,
        ),
        el('span', { class: 'figure' }, lambdaPpm === null ? 'failed' : ratio(lambdaPpm)),
        bar(lambdaPpm),
        el('span', { class: 'about' }, clip(about, 120)),
      ),
    );
    const witness = sample.witness
      .slice(0, mostWitnesses)
      .map(({ source, target, type, directed, weight }) =>
        el(
          'li',
          {},
          el('span', { class: 'names' }, `${clip(source, 32)} ${directed ? '→' : '–'} ${clip(target, 32)}`),
          el('span', { class: 'about' }, clip(type, 24)),
          el('span', { class: 'figure' }, figure(weight)),
        ),
      );
    const more = sample.witness.length - witness.length;
    root.replaceChildren(
      el('ul', { class: 'signals' }, ...signals),
      el(
        'dl',
        { class: 'facts small' },
        el('div', {}, el('dt', {}, 'minimum cut'), el('dd', {}, figure(sample.minCut))),
        el('div', {}, el('dt', {}, 'parts'), el('dd', {}, figure(sample.components))),
        el('div', {}, el('dt', {}, 'lambda2'), el('dd', {}, figure(sample.lambda2))),
        sample.durationMs === null
          ? null
          : el('div', {}, el('dt', {}, 'computed in'), el('dd', {}, `${figure(sample.durationMs)} ms`)),
      ),
      el('h3', {}, `Current cut: ${several(sample.witness.length, 'edge')}`),
      el('ul', { class: 'witness' }, ...witness),
      more > 0
        ? el('p', { class: 'about' }, `and ${several(more, 'more edge')}; see the tables under the graph`)
        : '',
    );
  }
}
