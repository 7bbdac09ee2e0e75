// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { run } from './processes.mjs';
import { STAMP, hashOfTree, removeStamp, stampMatches, writeStamp } from './stamp.mjs';
import { npmCiStep } from './steps/npm.mjs';

/**
 * What only marking and the tests need: the packages of grader/, and its TypeScript compiled.
 *
 * They are not among what every learner installs: a queue, a web server, schemas.
 *
 * @param {import('./project.mjs').Project} project
 * @returns {import('./run-steps.mjs').Step[]} none in a copy of the course without grader/
 */
export function graderSteps({ root, nodeModules, env }) {
  const folder = path.join(root, 'grader');
  if (!fs.existsSync(path.join(folder, 'tsconfig.json'))) return [];
  const stamp = path.join(folder, 'dist', STAMP);
  const inputs = () => ({
    sources: hashOfTree([
      path.join(root, 'tsconfig.base.json'), path.join(root, 'package-lock.json'), path.join(root, 'lib', 'src'),
      ...['src', 'bundle.mjs', 'tsconfig.json', 'package-lock.json'].map((part) => path.join(folder, part)),
    ]),
  });
  return [
    npmCiStep({ name: 'Grader packages', folder, env, bytes: 60e6 }),
    {
      name: 'Grader',
      doing: 'compiling the grader',
      needs: ['Grader packages', 'Build'],
      isReady: () => stampMatches(stamp, inputs()),
      async run({ log, signal }) {
        removeStamp(stamp);
        const before = inputs();
        fs.rmSync(path.join(folder, 'tsconfig.tsbuildinfo'), { force: true });
        // Without --force: lib, which it refers to, is built.
        await run(process.execPath, [path.join(nodeModules, 'typescript', 'bin', 'tsc'), '--build', 'grader'], { cwd: root, log, signal });
        await run(process.execPath, [path.join(folder, 'bundle.mjs')], { cwd: root, log, signal });
        writeStamp(stamp, before);
      },
    },
  ];
}
