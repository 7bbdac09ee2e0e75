// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { NEEDED, bytesOf } from '../disk.mjs';
import {
  BINDING, BINDING_FOLDER, COMPILER_ADVICE, ENGINE, compilerArguments, findCompiler, isWhole, locateEngine, platformName, sizesOf,
  verifyEngine,
} from '../engine.mjs';
import { takeLock } from '../lock.mjs';
import { Problem, explain } from '../problems.mjs';
import { formatBytes } from '../progress.mjs';
import { run } from '../processes.mjs';
import { STAMP, removeStamp, stampMatches, writeStamp } from '../stamp.mjs';
import { pip } from './python.mjs';

/**
 * TensorFlow for tfjs-node, in this order: an engine that is already in the user's cache; the library out of TensorFlow's
 * wheel with a binding compiled against it, which goes into the cache; tfjs-node's own installer.
 *
 * Two steps, because the library can be fetched while npm is still at work, and the binding needs npm's packages.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {import('../run-steps.mjs').Step[]}
 */
export function engineSteps(project) {
  const { name, source, folder, unfinished } = locateEngine(project);
  const projectStamp = path.join(project.tfjsNode, STAMP);
  const link = path.join(project.tfjsNode, BINDING_FOLDER);
  const libraryFiles = (source?.libraries ?? []).map((library) => path.join('lib', library));
  const fromCache = { engine: name, from: 'cache', folder };
  const fromInstaller = { engine: name, from: "tfjs-node's installer" };

  /** Why the way over the wheel is closed, once that is known. @type {Problem | undefined} */
  let noLibrary;
  /** @type {import('../lock.mjs').Lock | undefined} */
  let cacheLock;

  const isLinked = () => stampMatches(projectStamp, fromCache) && isWhole(folder) && readLink(link) === folder;
  const isInstalled = () => stampMatches(projectStamp, fromInstaller) && fs.existsSync(path.join(link, BINDING));

  const lockCache = async (/** @type {import('../run-steps.mjs').StepContext} */ { signal, report }) => {
    cacheLock ??= await takeLock(path.join(project.engines, 'lock'), {
      python: project.python,
      onWait: (holder) => report(`another copy of the course is at work on the engine, waiting for ${holder}`),
      signal,
    });
  };

  /** @type {import('../run-steps.mjs').Step} */
  const library = {
    name: 'TensorFlow library',
    doing: `fetching TensorFlow ${ENGINE.version}`,
    needs: ['Python environment'],
    disk: { folder: project.engines, bytes: NEEDED.engine },
    isReady: () => isWhole(folder) || isWhole(unfinished) || noLibrary !== undefined || isInstalled(),
    async run(context) {
      const { signal, log, report } = context;
      try {
        if (!source) throw new Problem(`there is no wheel for ${platformName()}`, '');
        if (!findCompiler(project.env)) throw new Problem('there is no C++ compiler', `install a C++ compiler: ${COMPILER_ADVICE}`);
        makeCacheFolder(project.engines);
        await lockCache(context);
        if (library.isReady()) return undefined;

        fs.rmSync(unfinished, { recursive: true, force: true });
        const download = path.join(unfinished, 'download');
        fs.mkdirSync(download, { recursive: true });
        const requirement = path.join(download, 'requirement.txt');
        fs.writeFileSync(requirement, `${source.package}==${ENGINE.version} --hash=sha256:${source.sha256}\n`);
        const temporary = path.join(download, 'tmp');
        // For a moment pip has the wheel twice, in its temporary folder and where it belongs.
        const watch = setInterval(() => {
          report(`fetching ${formatBytes(Math.min(bytesOf(download), source.wheelBytes))} of ${formatBytes(source.wheelBytes)}`);
        }, 500);
        try {
          await pip(project, [
            'download', '--no-deps', '--only-binary', ':all:', '--require-hashes',
            ...source.tags.flatMap((tag) => ['--platform', tag]),
            '--python-version', ENGINE.wheelPython, '--implementation', 'cp', '--abi', `cp${ENGINE.wheelPython.replace('.', '')}`,
            '--dest', download, '--requirement', requirement,
          ], { temporary, log, signal });
        } finally {
          clearInterval(watch);
        }
        report('unpacking the library');
        const [wheel] = fs.readdirSync(download).filter((file) => file.endsWith('.whl'));
        const unpack = path.join(project.root, 'setup', 'unpack_engine.py');
        await run(project.python, ['-I', unpack, path.join(download, wheel), unfinished, ...source.libraries], { log, signal });
        fs.rmSync(download, { recursive: true });
        writeStamp(path.join(unfinished, STAMP), { files: sizesOf(unfinished, libraryFiles) });
        return undefined;
      } catch (error) {
        if (signal.aborted) throw error;
        noLibrary = reason(error);
        return 'not to be had';
      }
    },
  };

  /** @type {import('../run-steps.mjs').Step} */
  const binding = {
    name: 'TensorFlow binding',
    doing: 'linking TensorFlow into tfjs-node',
    needs: ['npm packages', library.name],
    isReady: () => isLinked() || isInstalled(),
    async run(context) {
      removeStamp(projectStamp);
      try {
        if (!isWhole(folder) && !noLibrary) await lockCache(context);
        if (!isWhole(folder) && !isWhole(unfinished) && !noLibrary) await library.run(context);
        if (!isWhole(folder) && !noLibrary) await compile(context);
        if (!noLibrary) {
          linkTo(folder);
          await verifyEngine(project, context);
          writeStamp(projectStamp, fromCache);
          return;
        }
      } catch (error) {
        if (context.signal.aborted) throw error;
        noLibrary = reason(error);
      } finally {
        cacheLock?.release();
        cacheLock = undefined;
      }
      await install(context, noLibrary);
    },
  };

  /** Makes the engine in the cache whole. @param {import('../run-steps.mjs').StepContext} context */
  async function compile({ report, log, signal }) {
    const compiler = findCompiler(project.env);
    if (!compiler || !source) throw new Problem('there is no C++ compiler', `install a C++ compiler: ${COMPILER_ADVICE}`);
    report(`compiling the binding with ${path.basename(compiler)}`);
    await run(compiler, compilerArguments({
      platform: platformName(),
      source,
      tfjsNode: project.tfjsNode,
      nodeApiHeaders: path.join(project.nodeModules, 'node-api-headers'),
      engine: unfinished,
    }), { log, signal });
    report('loading it');
    linkTo(unfinished);
    await verifyEngine(project, { log, signal });
    writeStamp(path.join(unfinished, STAMP), { files: sizesOf(unfinished, [...libraryFiles, BINDING]) });
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(unfinished, folder);
    // Last, because a run that was killed before the line above compiles again.
    fs.rmSync(path.join(folder, 'include'), { recursive: true, force: true });
  }

  /** @param {string} target */
  function linkTo(target) {
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.rmSync(link, { recursive: true, force: true });
    fs.symlinkSync(target, link);
  }

  /**
   * @param {import('../run-steps.mjs').StepContext} context
   * @param {Problem} wheelFailed
   */
  async function install({ report, log, signal }, wheelFailed) {
    report("trying tfjs-node's own installer");
    fs.rmSync(link, { recursive: true, force: true });
    try {
      await run(process.execPath, [path.join('scripts', 'install.js')], {
        cwd: project.tfjsNode,
        // The installer calls node-pre-gyp by its name.
        env: { ...project.env, PATH: [path.join(project.nodeModules, '.bin'), project.env.PATH].join(path.delimiter) },
        log,
        signal,
      });
      await verifyEngine(project, { log, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      const why = /** @type {Problem} */ (explain("tfjs-node's own installer", error));
      throw new Problem(
        'TensorFlow could not be made ready. Tried:\n' +
          `1. the cache: ${isWhole(folder) ? `the engine in ${folder} does not work` : `there is no engine in ${folder} yet`}\n` +
          `2. TensorFlow ${ENGINE.version} from PyPI, with a binding compiled for it: ${wheelFailed.message}\n` +
          `3. tfjs-node's own installer: ${why.message}`,
        wheelFailed.advice || why.advice
      );
    }
    writeStamp(projectStamp, fromInstaller);
  }

  return [library, binding];
}

/** @param {string} folder */
function makeCacheFolder(folder) {
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (error) {
    throw new Problem(
      `the folder for the engine, ${folder}, may not be written (${/** @type {Error} */ (error).message})`,
      'name another one with COURSE_CACHE=/a/folder/of/your/own, then run the command again.'
    );
  }
}

/** @param {unknown} error */
const reason = (error) => /** @type {Problem} */ (explain(`TensorFlow ${ENGINE.version} from PyPI`, error));

/** @param {string} file */
function readLink(file) {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined; // Not there, or not a link.
  }
}
