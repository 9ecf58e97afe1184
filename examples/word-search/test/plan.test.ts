import { describe, expect, it } from 'vitest';
import { exactPlan, indexPlan, type PlanNode } from '../src/search.js';

const node = (type: string, ...Plans: PlanNode[]): PlanNode => ({ 'Node Type': type, Plans });
const scan = node('Seq Scan');

describe('exactPlan', () => {
  it('accepts a sorted sequential scan', () => {
    expect(exactPlan(node('Limit', node('Sort', scan)))).toEqual({
      plan: 'Limit > Sort > Seq Scan',
      parallelWorkers: 0,
    });
  });

  it('accepts one in parallel, and beside it a look-up by index that gives one value', () => {
    const lookUp = { ...node('Index Scan'), 'Parent Relationship': 'InitPlan' };
    const parallel = { ...scan, 'Parallel Aware': true };
    const gather = { ...node('Gather Merge', node('Sort', parallel)), 'Workers Planned': 2 };
    expect(exactPlan(node('Limit', lookUp, gather))).toEqual({
      plan: 'Limit > Gather Merge > Sort > Parallel Seq Scan',
      parallelWorkers: 2,
    });
  });

  it.each([
    ['an ordered index scan', node('Limit', node('Index Scan'))],
    ['a sorted index scan', node('Limit', node('Sort', node('Index Scan')))],
    ['a scan that nothing sorts', node('Limit', scan)],
    ['a sample', node('Limit', node('Sort', node('Sample Scan')))],
    ['a join', node('Limit', node('Sort', node('Nested Loop', scan, scan)))],
  ])('refuses %s', (_, plan) => {
    expect(() => exactPlan(plan)).toThrow(/not a sorted sequential scan: Limit > /);
  });
});

describe('indexPlan', () => {
  const byIndex = { ...node('Index Scan'), 'Index Name': 'words_embedding_idx' };
  const indexed = (plan: PlanNode) => indexPlan(plan, 'words_embedding_idx');

  it('accepts a scan in the order of the index', () => {
    expect(indexed(node('Limit', byIndex))).toBe('Limit > Index Scan using words_embedding_idx');
  });

  it.each([
    ['a sorted sequential scan', node('Limit', node('Sort', scan)), /Limit > Sort > Seq Scan$/],
    [
      'a sort above the index',
      node('Limit', node('Sort', byIndex)),
      /Limit > Sort > Index Scan using words_em/,
    ],
    ['another index', node('Limit', { ...byIndex, 'Index Name': 'words_pkey' }), /using words_pkey$/],
    ['a bitmap', node('Limit', node('Bitmap Heap Scan', byIndex)), /Bitmap Heap Scan/],
  ])('refuses %s', (_, plan, message) => {
    expect(() => indexed(plan)).toThrow(expect.objectContaining({ code: 'NOT_INDEXED' }));
    expect(() => indexed(plan)).toThrow(message);
  });
});
