import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** As much of a log as is worth holding in memory. */
const longestLog = 4 << 20;

/** The end of a log file, whole lines; empty when there is none. Links are not followed: the server owns the file. */
export function readLog(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const start = Math.max(0, size - longestLog);
    const buffer = Buffer.alloc(size - start);
    const length = readSync(descriptor, buffer, 0, buffer.length, start);
    const text = buffer.toString('utf8', 0, length);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(descriptor);
  }
}

/** The last lines of a log that is going into an error. */
export function logTail(log: string, lines = 40): string {
  return log.trimEnd().split('\n').slice(-lines).join('\n');
}

/** What a log says about a failure, in one line: the last complaints, without time and process id. */
export function complaint(log: string): string {
  const lines = log.trimEnd().split('\n');
  const said = lines.filter((line) =>
    /\b(FATAL|PANIC|ERROR|error):|unrecognized|invalid|could not/.test(line),
  );
  const chosen = said.length === 0 ? lines.slice(-1) : said.slice(-3);
  return chosen.map((line) => line.replace(/^[\d-]+ [\d:.]+ \S+ \[\d+\] /, '').trim()).join('; ');
}
