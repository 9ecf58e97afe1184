import { afterAll, expect, it } from 'vitest';
import { findCommand } from './support/backend.js';
import { passed, removeTemporary, runKernelsTest } from './support/native.js';

afterAll(removeTemporary);

it('passes for armv8-a, cross-compiled and under user-mode emulation', async ({ skip }) => {
  const cross = findCommand('aarch64-linux-gnu-g++');
  if (cross === undefined) return skip('no aarch64-linux-gnu-g++; apt-get install g++-aarch64-linux-gnu');
  const emulator = findCommand('qemu-aarch64-static', 'qemu-aarch64');
  if (emulator === undefined) return skip('no qemu-aarch64; apt-get install qemu-user-static');
  const result = await runKernelsTest([cross], ['-static'], [emulator]);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(passed(result.stdout)).toEqual(['dispatch', 'serial', 'neon']);
});
