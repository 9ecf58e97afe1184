import { describe, expect, it } from 'vitest';
import { formatRatio, formatSpread, formatValue } from '../src/table.js';

describe('formatValue', () => {
  it.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [1.005, '1.00'],
    [12.345, '12.3'],
    [12, '12'],
    [123.456, '123'],
    [999.6, '1,000'],
    [1234567.8, '1,234,568'],
  ])('writes %s as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('ratios', () => {
  it('stand with two decimals, or a dash', () => {
    expect(formatRatio(1.316)).toBe('1.32x');
    expect(formatRatio(null)).toBe('-');
    expect(formatSpread([1, 2.345])).toBe('1.00-2.35');
    expect(formatSpread(null)).toBe('-');
  });
});
