// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { NEEDED } from '../disk.mjs';
import { Problem } from '../problems.mjs';
import { run, which } from '../processes.mjs';
import { STAMP, hashOfFile, removeStamp, stampMatches, writeStamp } from '../stamp.mjs';

/**
 * Installs npm's packages exactly as the lock file says, in a folder with a package.json.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.folder the one with package.json and package-lock.json
 * @param {NodeJS.ProcessEnv} options.env
 * @param {number} options.bytes about how much it writes
 * @returns {import('../run-steps.mjs').Step}
 */
export function npmCiStep({ name, folder, env, bytes }) {
  const nodeModules = path.join(folder, 'node_modules');
  const stamp = path.join(nodeModules, STAMP);
  const inputs = () => ({
    lockFile: hashOfFile(path.join(folder, 'package-lock.json')),
    platform: `${process.platform}-${process.arch}`, // Some packages bring a binary for just one.
  });
  return {
    name,
    doing: 'installing what package-lock.json names',
    needs: [],
    disk: { folder, bytes },
    isReady: () => stampMatches(stamp, inputs()),
    async run({ log, signal }) {
      removeStamp(stamp);
      // Install scripts are off: they could run anything, and all that the course needs of them the other steps do.
      // npm waits up to a minute and more between attempts; eleven seconds tell as well that there is no network.
      const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--no-progress',
        '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=10000'];
      await run(process.execPath, [npmProgram(env), 'ci', ...options], { cwd: folder, env, log, signal });
      writeStamp(stamp, inputs());
    },
  };
}

/** @param {import('../project.mjs').Project} project */
export const npmStep = (project) =>
  npmCiStep({ name: 'npm packages', folder: project.root, env: project.env, bytes: NEEDED.npmPackages });

/**
 * The npm that belongs to the Node that runs this: the one that started this command, the one beside node, or the one on the PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} the path of npm-cli.js
 */
export function npmProgram(env) {
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  const onPath = which('npm', env);
  const candidates = [
    env.npm_execpath,
    path.join(prefix, 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    onPath && fs.realpathSync(onPath),
  ];
  const found = candidates.find((file) => file && path.basename(file) === 'npm-cli.js' && fs.existsSync(file));
  if (!found) {
    throw new Problem(
      `npm was not found, neither beside ${process.execPath} nor on the PATH.`,
      'install it (Debian, Ubuntu: sudo apt-get install npm; otherwise it comes with Node.js from https://nodejs.org).'
    );
  }
  return found;
}
