import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BINDING, ENGINE, compilerArguments, findCompiler, isWhole, locateEngine, sizesOf } from '../../setup/engine.mjs';
import { openProject } from '../../setup/project.mjs';
import { STAMP, writeStamp } from '../../setup/stamp.mjs';
import { temporaryFolders, writeProgram } from './temporary';

const newFolder = temporaryFolders();

const argumentsOn = (platform: string) =>
  compilerArguments({ platform, source: ENGINE.platforms[platform], tfjsNode: '/p/tfjs-node', nodeApiHeaders: '/p/headers', engine: '/e' });

describe('compilerArguments', () => {
  it('links with the shared libraries and looks for them beside the binding on Linux', () => {
    for (const platform of ['linux-x64', 'linux-arm64']) {
      expect(argumentsOn(platform)).toEqual([
        '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8',
        '-I/p/headers/include', '-I/e/include',
        '/p/tfjs-node/binding/tfjs_backend.cc', '/p/tfjs-node/binding/tfjs_binding.cc',
        '/e/lib/libtensorflow_cc.so.2', '/e/lib/libtensorflow_framework.so.2',
        '-Wl,-rpath,$ORIGIN/lib',
        '-o', '/e/tfjs_binding.node',
      ]);
    }
  });

  it("leaves Node's own functions to be found at load time on a Mac", () => {
    expect(argumentsOn('darwin-arm64')).toEqual([
      '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8',
      '-I/p/headers/include', '-I/e/include',
      '/p/tfjs-node/binding/tfjs_backend.cc', '/p/tfjs-node/binding/tfjs_binding.cc',
      '/e/lib/libtensorflow_cc.2.dylib', '/e/lib/libtensorflow_framework.2.dylib',
      '-undefined', 'dynamic_lookup',
      '-Wl,-rpath,@loader_path/lib',
      '-o', '/e/tfjs_binding.node',
    ]);
  });
});

describe('engine.json', () => {
  it('pins one wheel for each platform by its checksum, and says which platform is proven', () => {
    expect(Object.keys(ENGINE.platforms)).toEqual(['linux-x64', 'linux-arm64', 'darwin-arm64']);
    for (const source of Object.values(ENGINE.platforms)) {
      expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(source.tags.length).toBeGreaterThan(0);
    }
    expect(Object.values(ENGINE.platforms).map(({ proven }) => proven)).toEqual([true, false, false]);
  });
});

describe('locateEngine', () => {
  const lockFile = (integrity: string) => JSON.stringify({
    packages: { 'node_modules/@tensorflow/tfjs-node': { integrity }, 'node_modules/node-api-headers': { integrity: 'h' } },
  });

  it('names the engine by its version and platform, and another binding gets another folder', () => {
    const root = newFolder();
    const project = openProject(root, { COURSE_CACHE: path.join(root, 'cache') });
    const names = ['a', 'b', 'a'].map((integrity) => {
      fs.writeFileSync(path.join(root, 'package-lock.json'), lockFile(integrity));
      return locateEngine(project).name;
    });
    expect(names[0]).toContain(`${ENGINE.version}-${process.platform}-${process.arch}-`);
    expect(names[1]).not.toBe(names[0]);
    expect(names[2]).toBe(names[0]);
    expect(locateEngine(project).folder).toBe(path.join(root, 'cache', 'engine', names[0]));
  });
});

describe('isWhole', () => {
  it('takes an engine with its stamp and files of the right size, and nothing else', () => {
    const folder = newFolder();
    expect(isWhole(folder)).toBe(false);
    fs.writeFileSync(path.join(folder, BINDING), 'binary');
    expect(isWhole(folder)).toBe(false);
    writeStamp(path.join(folder, STAMP), { files: sizesOf(folder, [BINDING]) });
    expect(isWhole(folder)).toBe(true);
    fs.truncateSync(path.join(folder, BINDING), 3);
    expect(isWhole(folder)).toBe(false);
    fs.rmSync(path.join(folder, BINDING));
    expect(isWhole(folder)).toBe(false);
  });
});

describe('findCompiler', () => {
  it('takes the one that CXX names before all others', () => {
    const folder = newFolder();
    writeProgram(folder, 'g++', 'echo 12');
    const mine = writeProgram(folder, 'my-compiler', 'echo 1');
    expect(findCompiler({ PATH: folder, CXX: mine })).toBe(mine);
    expect(findCompiler({ PATH: folder, CXX: 'my-compiler' })).toBe(mine);
    expect(findCompiler({ PATH: folder })).toBe(path.join(folder, 'g++'));
  });

  it('passes over a compiler that does not answer, as on a Mac without developer tools', () => {
    const folder = newFolder();
    for (const name of ['g++', 'clang++']) writeProgram(folder, name, 'echo "no developer tools were found" >&2; exit 1');
    expect(findCompiler({ PATH: folder })).toBeUndefined();
    const last = writeProgram(folder, 'c++', 'echo 12');
    expect(findCompiler({ PATH: folder })).toBe(last);
  });
});
