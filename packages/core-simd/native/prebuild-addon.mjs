/**
 * Prebuilds of an addon for packages: prebuilds/<platform>-<arch>/<name>[.<libc>].node, made by prebuildify and
 * node-gyp. node-gyp-build, which the packages depend on, finds them by these names. Shared by the prebuild.mjs of the
 * packages that have an addon.
 *
 * Node's own headers are used where they lie beside it, so that nothing is downloaded; elsewhere node-gyp fetches
 * those of this version. Honours npm_config_nodedir.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { run, ToolchainError, which } from './toolchain.mjs';

/**
 * What a release is built for. `runner` is a machine that builds and tests it; `container` an image on it; `cross`
 * names the compilers that build it elsewhere. The oldest C library that a glibc binary may need is Node's own,
 * 2.28: test/package.slow.test.ts of each package looks.
 *
 * @typedef {{ platform: string, arch: string, libc?: 'glibc' | 'musl', runner: string, container?: string,
 *   cross?: typeof aarch64 }} Target
 */

/**
 * The kernels of a package, for a folder of their own beside the others'.
 *
 * @typedef {{ label: string, nativeDir: string, sources: import('./build-addon.mjs').Sources }} Part
 */

/**
 * An addon.
 *
 * @typedef {object} Addon
 * @property {string} name of its file, and of its gyp target
 * @property {readonly Part[]} parts the first is the package's own, and has the addon's C files
 * @property {readonly string[]} built what a release contains beside prebuilds
 */

const aarch64 = {
  CC: 'aarch64-linux-gnu-gcc',
  CXX: 'aarch64-linux-gnu-g++',
  AR: 'aarch64-linux-gnu-ar',
  strip: 'aarch64-linux-gnu-strip',
  debian: 'g++-aarch64-linux-gnu',
};

/** @type {readonly Target[]} */
export const targets = [
  { platform: 'linux', arch: 'x64', libc: 'glibc', runner: 'ubuntu-24.04' },
  { platform: 'linux', arch: 'arm64', libc: 'glibc', runner: 'ubuntu-24.04-arm', cross: aarch64 },
  { platform: 'linux', arch: 'x64', libc: 'musl', runner: 'ubuntu-24.04', container: 'node:20-alpine' },
  { platform: 'linux', arch: 'arm64', libc: 'musl', runner: 'ubuntu-24.04-arm', container: 'node:20-alpine' },
  { platform: 'darwin', arch: 'x64', runner: 'macos-15-intel' },
  { platform: 'darwin', arch: 'arm64', runner: 'macos-15' },
  { platform: 'win32', arch: 'x64', runner: 'windows-2025' },
  { platform: 'win32', arch: 'arm64', runner: 'windows-11-arm' },
];

/** @param {Target} target */
export function nameOf({ platform, arch, libc }) {
  return [platform, arch, ...(libc === undefined ? [] : [libc])].join('-');
}

/** The target that this process runs on. */
export function hostTarget() {
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
  return targets.find(
    (each) =>
      each.platform === process.platform &&
      each.arch === process.arch &&
      (each.libc === undefined || each.libc === libc),
  );
}

/** Where a prebuild lies in its package. @param {string} name @param {Target} target */
export function prebuildPath(name, target) {
  const tag = target.libc === undefined ? '' : `.${target.libc}`;
  return `prebuilds/${target.platform}-${target.arch}/${name}${tag}.node`;
}

/** @param {Target} target */
function compilersFor(target) {
  if (target === hostTarget()) return {};
  const { cross } = target;
  if (cross === undefined || process.platform !== target.platform) {
    throw new ToolchainError(`${nameOf(target)} is built on ${target.container ?? target.runner}, not here`);
  }
  if (which(cross.CXX) === undefined) {
    throw new ToolchainError(`no ${cross.CXX}`, `apt-get install -y ${cross.debian}`);
  }
  return { CC: cross.CC, CXX: cross.CXX, AR: cross.AR, LINK: cross.CXX };
}

/** The folder with include/node/common.gypi; undefined lets node-gyp fetch one. */
function nodeDir(env) {
  if (env.npm_config_nodedir) return env.npm_config_nodedir;
  const beside = join(dirname(realpathSync(process.execPath)), '..');
  return existsSync(join(beside, 'include', 'node', 'common.gypi')) ? beside : undefined;
}

/** prebuildify and node-gyp are tools of the repository, not of the package. */
function tool(name, file) {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
  } catch {
    throw new ToolchainError(`no npm package ${name}`, 'npm ci');
  }
}

/** clang-cl takes an option of clang's after `/clang:`; code is position independent there, and hidden. */
function forClangCl(flags) {
  return flags.filter((flag) => !/^-f(PIC|visibility)/.test(flag)).map((flag) => `/clang:${flag}`);
}

/** gyp gives flags to targets and not to files: a library for each set of flags. @param {Part} part */
function librariesOf({ label, sources: { cxxflags, sources } }) {
  /** @type {Map<string, { flags: string[], paths: string[] }>} */
  const sets = new Map();
  for (const { path, flags } of sources) {
    const key = flags.join(' ');
    if (!sets.has(key)) sets.set(key, { flags: [...cxxflags, ...flags], paths: [] });
    sets.get(key)?.paths.push(`${label}/${path}`);
  }
  return [...sets.values()].map(({ flags, paths }, i) => ({
    target_name: `${label.replaceAll('-', '_')}_${i}`,
    type: 'static_library',
    sources: paths,
    cflags_cc: flags,
    xcode_settings: { OTHER_CPLUSPLUSFLAGS: flags },
    msvs_settings: { VCCLCompilerTool: { AdditionalOptions: forClangCl(flags) } },
  }));
}

/** What node-gyp is told: binding.gyp of a folder that has each part's in a folder of its label. @param {Addon} addon */
export function bindingOf({ name, parts }) {
  const libraries = parts.flatMap(librariesOf);
  const [own] = parts;
  const files = readdirSync(join(own.nativeDir, 'addon')).filter((each) => each.endsWith('.c'));
  return {
    target_defaults: {
      include_dirs: parts.flatMap(({ label, sources }) =>
        sources.includeDirs.map((each) => `${label}/${each}`),
      ),
      defines: ['NAPI_VERSION=8'],
      // A profiler's frame pointer is a register that the kernels need.
      'cflags!': ['-fno-omit-frame-pointer'],
      cflags: ['-fvisibility=hidden'],
      cflags_c: ['-std=c11'],
      xcode_settings: {
        CLANG_CXX_LANGUAGE_STANDARD: 'c++17',
        GCC_C_LANGUAGE_STANDARD: 'c11',
        GCC_SYMBOLS_PRIVATE_EXTERN: 'YES',
        MACOSX_DEPLOYMENT_TARGET: '11.0',
      },
      // The kernels are written for GCC and clang.
      msbuild_toolset: 'ClangCL',
    },
    targets: [
      ...libraries,
      {
        target_name: name,
        sources: files.sort().map((each) => `${own.label}/addon/${each}`),
        dependencies: libraries.map(({ target_name }) => target_name),
        // gyp links with the C++ compiler, but nothing of its library is used.
        conditions: [['OS == "linux"', { ldflags: ['-Wl,--as-needed', '-Wl,-z,relro,-z,now'] }]],
      },
    ],
  };
}

/** Everything that compiles the addon, in a folder. @param {Addon} addon @param {string} folder */
function stageIn(addon, folder) {
  for (const [i, { label, nativeDir }] of addon.parts.entries()) {
    mkdirSync(join(folder, label));
    for (const name of ['include', 'src', ...(i === 0 ? ['addon'] : [])]) {
      cpSync(join(nativeDir, name), join(folder, label, name), { recursive: true });
    }
  }
  writeFileSync(join(folder, 'binding.gyp'), JSON.stringify(bindingOf(addon), undefined, 2));
}

/**
 * Builds one target.
 *
 * @param {Addon} addon
 * @param {Target} target
 * @param {{ out?: string, env?: NodeJS.ProcessEnv }} [options] `out` is the package's folder
 * @returns {Promise<string>} the file
 */
export async function prebuild(addon, target, options = {}) {
  const { out = packageOf(addon), env = process.env } = options;
  const compilers = compilersFor(target);
  const headers = nodeDir(env);
  const words = [
    ...['--napi', '--strip', '--name', addon.name, '--target', process.versions.node],
    ...['--platform', target.platform, '--arch', target.arch, '--out', out],
    ...(target.libc === undefined ? [] : ['--tag-libc', target.libc, '--libc', target.libc]),
    ...(target === hostTarget() ? [] : ['--strip-bin', target.cross.strip]),
    // Windows cannot start a script by its name: there prebuildify looks for node-gyp.cmd, which npm has put on PATH.
    ...(process.platform === 'win32' ? [] : ['--node-gyp', tool('node-gyp', 'bin/node-gyp.js')]),
  ];
  // node-gyp begins by deleting build/ beside binding.gyp, where build.mjs has its own.
  const stage = mkdtempSync(join(tmpdir(), `${addon.name}-prebuild-`));
  try {
    stageIn(addon, stage);
    const { code, stdout, stderr } = await run([process.execPath, tool('prebuildify', 'bin.js'), ...words], {
      cwd: stage,
      env: {
        JOBS: 'max',
        ...env,
        ...compilers,
        ...(headers === undefined ? {} : { npm_config_nodedir: headers }),
      },
    });
    if (code !== 0) throw new ToolchainError(`prebuildify ${words.join(' ')}\n${stdout}${stderr}`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  return join(out, prebuildPath(addon.name, target));
}

/** @param {Addon} addon */
function packageOf({ parts: [own] }) {
  return join(own.nativeDir, '..');
}

/** What a release contains and is not there. @param {Addon} addon */
export function missingFiles(addon, folder = packageOf(addon)) {
  const prebuilds = targets.map((target) => prebuildPath(addon.name, target));
  return [...addon.built, ...prebuilds].filter((path) => !existsSync(join(folder, path)));
}

/**
 * A prebuild.mjs on the command line; it says what goes wrong, and sets the exit code.
 *
 * @param {Addon} addon
 * @param {string[]} args
 */
export async function prebuildCommand(addon, args) {
  const [{ label }] = addon.parts;
  try {
    await obey(addon, args);
  } catch (error) {
    process.stderr.write(`${label}: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

async function obey(addon, args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      matrix: { type: 'boolean' },
      check: { type: 'boolean' },
      out: { type: 'string', default: packageOf(addon) },
    },
  });
  if (values.matrix) {
    const include = targets.map((target) => ({ name: nameOf(target), ...target }));
    process.stdout.write(`${JSON.stringify({ include })}\n`);
    return;
  }
  if (values.check) {
    const absent = missingFiles(addon, values.out);
    if (absent.length > 0) throw new ToolchainError(`a release needs also: ${absent.join(', ')}`);
    return;
  }
  const [wish, ...rest] = positionals;
  const target = wish === undefined ? hostTarget() : targets.find((each) => nameOf(each) === wish);
  if (target === undefined || rest.length > 0) {
    throw new ToolchainError(
      `usage: node native/prebuild.mjs [${targets.map(nameOf).join(' | ')}] [--out folder]`,
    );
  }
  const file = await prebuild(addon, target, { out: values.out });
  process.stderr.write(`${addon.parts[0].label}: ${file}\n`);
}
