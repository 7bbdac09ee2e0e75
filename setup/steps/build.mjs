// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { run } from '../processes.mjs';
import { STAMP, hashOfTree, removeStamp, stampMatches, writeStamp } from '../stamp.mjs';

/**
 * Compiles TypeScript into dist/ folders: of the library, the kernel and, where they are, the definitions of the exercises.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {import('../run-steps.mjs').Step}
 */
export function buildStep({ root, nodeModules }) {
  const inside = (/** @type {string[]} */ ...parts) => path.join(root, ...parts);
  const stamp = inside('lib', 'dist', STAMP);
  // A learner's copy of the course is without them.
  const definitions = fs.existsSync(inside('solutions', 'tsconfig.json')) ? ['solutions'] : [];
  const projects = ['lib', 'kernel', ...definitions];
  const inputs = () => ({
    sources: hashOfTree([
      inside('tsconfig.base.json'),
      inside('package-lock.json'), // Another compiler, or other types to compile against.
      ...projects.flatMap((name) => ['src', 'tsconfig.json', 'package.json'].map((part) => inside(name, part))),
      ...definitions.flatMap((name) => fs.readdirSync(inside(name)).filter((file) => /^definitions$|\.ts$/.test(file)).sort()
        .map((part) => inside(name, part))),
    ]),
  });
  return {
    name: 'Build',
    doing: 'compiling the library and the kernel',
    needs: ['npm packages'],
    isReady: () => projects.every((name) => fs.existsSync(inside(name, 'dist'))) && stampMatches(stamp, inputs()),
    async run({ log, signal }) {
      removeStamp(stamp);
      const before = inputs(); // A source that is edited meanwhile is compiled again next time.
      const compiler = path.join(nodeModules, 'typescript', 'bin', 'tsc');
      // Without --force, the compiler trusts its notes, even about a dist/ that is gone.
      await run(process.execPath, [compiler, '--build', '--force', ...projects], { cwd: root, log, signal });
      writeStamp(stamp, before);
    },
  };
}
