import { describe, expect, it } from 'vitest';
import { count, summary } from '../test.mjs';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

describe('the count of a test run', () => {
  it('is that of the tests', () => {
    const testResults = [
      file('passed', 'passed', 'skipped', 'pending', 'todo'),
      file('failed', 'passed', 'failed'),
    ];
    expect(count({ testResults }, 1)).toEqual({ passed: 2, failed: 1, skipped: 3 });
  });

  it('has a file that did not load as one failure', () => {
    expect(count({ testResults: [file('failed'), file('failed', 'passed')] }, 1)).toMatchObject({
      passed: 1,
      failed: 2,
    });
  });

  it('has a run that failed for another reason as one failure', () => {
    expect(count({ testResults: [file('passed', 'passed')] }, 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(count({ testResults: [] }, 1)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('is printed in a last line of its own', () => {
    expect(summary({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(summary({ passed: 3, failed: 1, skipped: 2 })).toMatch(/^2 skipped: .*\n3 passed, 1 failed$/);
  });
});
