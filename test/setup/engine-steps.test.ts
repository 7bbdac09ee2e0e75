import fs from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BINDING, BINDING_FOLDER, COMPILER_ADVICE, ENGINE, locateEngine, platformName } from '../../setup/engine.mjs';
import { openProject } from '../../setup/project.mjs';
import { Problem } from '../../setup/problems.mjs';
import { findPython } from '../../setup/python.mjs';
import { runSteps, type Step } from '../../setup/run-steps.mjs';
import { engineSteps } from '../../setup/steps/engine.mjs';
import { temporaryFolders, writeProgram } from './temporary';

// The real steps, with a pip, a compiler and an installer that note in a journal that they were called and write small files.

const newFolder = temporaryFolders();
const quiet = () => new PassThrough() as unknown as NodeJS.WriteStream;
const hasWheel = platformName() in ENGINE.platforms;
/** The binary itself: a version manager's stand-in needs its own PATH. */
const PYTHON = findPython(process.env).realPath;

/** Instead of tfjs-node in the process that verifies the engine: it can compute if there is a binding. */
const FAKE_TFJS = `
const fs = require('node:fs');
const Module = require('node:module');
const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== '@tensorflow/tfjs-node') return load.call(this, request, ...rest);
  fs.accessSync('node_modules/@tensorflow/tfjs-node/${BINDING_FOLDER}/${BINDING}');
  return {
    tensor1d: (values) => values,
    add: (a, b) => ({ dataSync: () => a.map((value, i) => value + b[i]) }),
    backend: () => ({ binding: { TF_Version: '0' } }),
    version: {},
  };
};
`;

interface Fakes {
  compiler?: string;
  pip?: string;
  installer?: 'works' | 'fails';
}

/** Each of the fakes notes its name and then runs what it is told. */
function newProject({ compiler, pip = 'true', installer = 'fails' }: Fakes) {
  const root = newFolder();
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  const packages = Object.fromEntries(['@tensorflow/tfjs-node', 'node-api-headers'].map((name) => [`node_modules/${name}`, { integrity: name }]));
  write('package-lock.json', JSON.stringify({ packages }));
  write('fake-tfjs.cjs', FAKE_TFJS);
  write('bin/README', '');
  write('.venv/bin/README', '');
  const binding = path.join(BINDING_FOLDER, BINDING);
  write('node_modules/@tensorflow/tfjs-node/scripts/install.js', `
    const fs = require('node:fs');
    fs.appendFileSync('../../../journal', 'installer\\n');
    ${installer === 'works' ? '' : "throw new Error('there is no archive for you');"}
    fs.mkdirSync(${JSON.stringify(BINDING_FOLDER)}, { recursive: true });
    fs.writeFileSync(${JSON.stringify(binding)}, 'installed');
  `);
  if (compiler) {
    writeProgram(path.join(root, 'bin'), 'g++', `
      [ "$1" = --version ] && exit 0
      echo compiler >> "\${0%/*}/../journal"
      for last; do :; done
      echo compiled > "$last"
      ${compiler}`);
  }
  // Python takes the locks itself; pip and the unpacking of the wheel are made up.
  writeProgram(path.join(root, '.venv', 'bin'), 'python', `
    here="\${0%/*}/../.."
    case "$2" in
      pip)
        echo "pip $3" >> "$here/journal"
        while [ $# -gt 0 ]; do [ "$1" = --dest ] && echo wheel > "$2/tensorflow.whl"; shift; done
        ${pip};;
      *unpack_engine.py)
        echo unpack >> "$here/journal"
        engine="$4"; shift 4
        mkdir -p "$engine/lib" "$engine/include"
        for library; do echo library > "$engine/lib/$library"; done;;
      *) exec '${PYTHON}' "$@";;
    esac`);
  const project = openProject(root, {
    PATH: path.join(root, 'bin'),
    COURSE_PYTHON: PYTHON,
    COURSE_CACHE: path.join(root, 'cache'),
    NODE_OPTIONS: `--require "${path.join(root, 'fake-tfjs.cjs')}"`,
  });
  const journal = () => (fs.existsSync(path.join(root, 'journal')) ? fs.readFileSync(path.join(root, 'journal'), 'utf8').trim().split('\n') : []);
  return { project, journal, binding: () => fs.readFileSync(path.join(project.tfjsNode, binding), 'utf8').trim() };
}

const run = (project: ReturnType<typeof openProject>) => {
  const done = ['npm packages', 'Python environment'].map((name): Step => ({ name, doing: '', needs: [], isReady: () => true, run: async () => {} }));
  // Without the real engine's need of space.
  const steps = engineSteps(project).map(({ disk, ...step }) => step);
  return runSteps(project, [...done, ...steps], quiet());
};
const failureOf = async (project: ReturnType<typeof openProject>) => {
  const error = await run(project).then(() => undefined, (e: unknown) => e);
  if (!(error instanceof Problem)) throw error ?? new Error('expected the steps to fail, but they did not');
  return error;
};

describe.runIf(hasWheel)('the engine steps, where there is a wheel', () => {
  it('take the library from the wheel and compile the binding, into the cache', async () => {
    const { project, journal, binding } = newProject({ compiler: 'true' });
    await run(project);
    expect(journal()).toEqual(['pip download', 'unpack', 'compiler']);
    expect(binding()).toBe('compiled');
    expect(fs.realpathSync(path.join(project.tfjsNode, BINDING_FOLDER))).toBe(fs.realpathSync(locateEngine(project).folder));
  });

  it('take an engine that is in the cache, and call neither pip nor a compiler nor the installer', async () => {
    const { project, journal, binding } = newProject({ compiler: 'true' });
    await run(project);
    fs.rmSync(path.join(project.root, 'journal'));
    fs.rmSync(path.join(project.tfjsNode, BINDING_FOLDER));
    fs.rmSync(path.join(project.root, 'bin', 'g++'));
    await run(project);
    expect(journal()).toEqual([]);
    expect(binding()).toBe('compiled');
  });

  it.each<[string, Fakes, string[]]>([
    ['there is no compiler', {}, []],
    ['the wheel is not to be had', { compiler: 'true', pip: 'exit 1' }, ['pip download']],
    ['the compiler fails', { compiler: 'exit 1' }, ['pip download', 'unpack', 'compiler']],
  ])("take tfjs-node's own installer if %s", async (_, fakes, before) => {
    const { project, journal, binding } = newProject({ ...fakes, installer: 'works' });
    await run(project);
    expect(journal()).toEqual([...before, 'installer']);
    expect(binding()).toBe('installed');
  });

  it('name all three ways in one message, and say what to install, if there is no compiler and the installer fails', async () => {
    const { project, journal } = newProject({});
    const { message, advice } = await failureOf(project);
    expect(journal()).toEqual(['installer']);
    expect(message).toContain(`1. the cache: there is no engine in ${locateEngine(project).folder} yet`);
    expect(message).toContain(`2. TensorFlow ${ENGINE.version} from PyPI, with a binding compiled for it: there is no C++ compiler`);
    expect(message).toMatch(/3\. tfjs-node's own installer: [^]*there is no archive for you/);
    expect(advice).toBe(`install a C++ compiler: ${COMPILER_ADVICE}`);
  });

  it('say what the server said if nothing can be reached', async () => {
    const { project } = newProject({ compiler: 'true', pip: "echo 'No matching distribution found'; exit 1" });
    const { message, advice } = await failureOf(project);
    expect(message).toContain('a server could not be reached');
    expect(advice).toContain('check the network connection');
  });
});
