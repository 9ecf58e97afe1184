import { arch, cpus, platform, release, totalmem } from 'node:os';

/** The machine of a report. All of it is part of the cache key. */
export interface Machine {
  /** Model name as the operating system gives it. */
  readonly cpu: string;
  /** Logical processors. */
  readonly cores: number;
  /** GiB of memory, to one decimal. */
  readonly memory: number;
  readonly os: string;
  readonly kernel: string;
  readonly arch: string;
  readonly node: string;
  /** What the suite adds, for instance `{ postgresql: '15.20' }`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Describes the machine that this process runs on. */
export function describeMachine(environment: Readonly<Record<string, string>> = {}): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memory: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    os: platform(),
    kernel: release(),
    arch: arch(),
    node: process.versions.node,
    environment,
  };
}
