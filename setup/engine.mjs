// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, run, which } from './processes.mjs';
import { STAMP, hashOf, readStamp } from './stamp.mjs';

/**
 * Where TensorFlow's C library comes from on one platform: a wheel of PyPI, from which set-up takes two libraries.
 *
 * @typedef {object} EngineSource
 * @property {boolean} proven false: written for this platform, but nobody has run it there
 * @property {string} package the name on PyPI
 * @property {string[]} tags the wheel's platform tags, for pip
 * @property {string} sha256 the wheel's
 * @property {number} wheelBytes the wheel's size
 * @property {string[]} libraries the files to take
 */

/** @type {{ version: string, wheelPython: string, platforms: Record<string, EngineSource> }} */
export const ENGINE = JSON.parse(fs.readFileSync(new URL('engine.json', import.meta.url), 'utf8'));

export const BINDING = 'tfjs_binding.node';

/** The folder's name in tfjs-node's package in which it looks for its binding: that of the Node-API version that it was written for. */
export const BINDING_FOLDER = path.join('lib', 'napi-v8');

export const platformName = () => `${process.platform}-${process.arch}`;

/**
 * The one place in the cache for the engine that fits this platform and the packages in the lock file.
 *
 * @param {import('./project.mjs').Project} project
 * @returns {{ name: string, source: EngineSource | undefined, folder: string, unfinished: string }}
 */
export function locateEngine(project) {
  const platform = platformName();
  const source = ENGINE.platforms[platform];
  /** @type {{ packages: Record<string, { integrity: string }> }} */
  const { packages } = JSON.parse(fs.readFileSync(path.join(project.root, 'package-lock.json'), 'utf8'));
  const hash = hashOf(
    JSON.stringify(source ?? null),
    ...['@tensorflow/tfjs-node', 'node-api-headers'].map((name) => packages[`node_modules/${name}`].integrity),
    ...(source ? compilerArguments({ platform, source, tfjsNode: '', nodeApiHeaders: '', engine: '' }) : [])
  );
  const name = `${ENGINE.version}-${platform}-${hash.slice(0, 12)}`;
  const folder = path.join(project.engines, name);
  return { name, source, folder, unfinished: `${folder}.new` };
}

/**
 * The arguments for the C++ compiler that make tfjs-node's binding. No node-gyp: the binding needs only the headers of
 * Node-API, which are an npm package, and so one binding serves every version of Node.
 *
 * @param {object} options
 * @param {string} options.platform such as "linux-x64"
 * @param {EngineSource} options.source
 * @param {string} options.tfjsNode the package's folder
 * @param {string} options.nodeApiHeaders the package's folder
 * @param {string} options.engine the folder with lib/ and include/, which gets the binding
 * @returns {string[]}
 */
export function compilerArguments({ platform, source, tfjsNode, nodeApiHeaders, engine }) {
  const mac = platform.startsWith('darwin');
  return [
    '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8',
    `-I${path.join(nodeApiHeaders, 'include')}`,
    `-I${path.join(engine, 'include')}`,
    path.join(tfjsNode, 'binding', 'tfjs_backend.cc'),
    path.join(tfjsNode, 'binding', 'tfjs_binding.cc'),
    ...source.libraries.map((library) => path.join(engine, 'lib', library)),
    // Node itself brings the napi_ functions when it loads the binding; on Linux that needs no option.
    ...(mac ? ['-undefined', 'dynamic_lookup'] : []),
    // The libraries lie beside the binding, wherever that is.
    `-Wl,-rpath,${mac ? '@loader_path' : '$ORIGIN'}/lib`,
    '-o', path.join(engine, BINDING),
  ];
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} a C++ compiler that answers; `CXX` first
 */
export function findCompiler(env) {
  const names = process.platform === 'darwin' ? ['clang++', 'c++', 'g++'] : ['g++', 'clang++', 'c++'];
  for (const name of env.CXX ? [env.CXX, ...names] : names) {
    const compiler = which(name, env);
    // On a Mac without developer tools there is a clang++ that only says how to install them.
    if (compiler && outputOf(compiler, ['--version'], env) !== undefined) return compiler;
  }
  return undefined;
}

/** How to install a C++ compiler, on the systems that learners have. */
export const COMPILER_ADVICE = process.platform === 'darwin'
  ? 'xcode-select --install'
  : 'sudo apt-get install g++ (Debian, Ubuntu), sudo dnf install gcc-c++ (Fedora), sudo pacman -S gcc (Arch)';

/**
 * @param {string} folder
 * @returns {boolean} true if the engine there is whole
 */
export function isWhole(folder) {
  const files = /** @type {Record<string, number> | undefined} */ (readStamp(path.join(folder, STAMP))?.files);
  if (!files) return false;
  return Object.entries(files).every(([name, size]) => fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size === size);
}

/**
 * @param {string} folder
 * @param {string[]} names
 * @returns {Record<string, number>} their sizes in bytes
 */
export const sizesOf = (folder, names) => Object.fromEntries(names.map((name) => [name, fs.statSync(path.join(folder, name)).size]));

/**
 * Loads the engine of the project in a process of its own and computes with it.
 *
 * @param {import('./project.mjs').Project} project
 * @param {{ log?: string, signal?: AbortSignal }} [options]
 * @returns {Promise<{ tensorflow: string, tfjs: string, milliseconds: number }>}
 * @throws {import('./problems.mjs').CommandFailed} if it does not load, or computes wrongly
 */
export async function verifyEngine(project, options) {
  const script = fileURLToPath(new URL('verify-engine.cjs', import.meta.url));
  const env = { ...project.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const output = await run(process.execPath, [script], { cwd: project.root, env, ...options });
  return JSON.parse(/** @type {string} */ (output.trim().split('\n').at(-1)));
}
