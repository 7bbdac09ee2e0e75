// @ts-check

// A set-up whose steps only write files, slowly, for the tests that kill it or run two at once.
// Usage: node fake-setup.mjs FOLDER [MILLISECONDS]
//
// Each step runs a program, as real steps do. The program writes its files one after the other and notes in FOLDER/journal
// when it begins and ends.

import fs from 'node:fs';
import path from 'node:path';
import { openProject } from '../../setup/project.mjs';
import { Interrupted } from '../../setup/problems.mjs';
import { run } from '../../setup/processes.mjs';
import { runSteps } from '../../setup/run-steps.mjs';
import { STAMP, removeStamp, stampMatches, writeStamp } from '../../setup/stamp.mjs';

const FILES = 5;

const PROGRAM = `
const fs = require('node:fs');
const [folder, journal, name, milliseconds] = process.argv.slice(1);
const note = (what) => fs.appendFileSync(journal, what + ' ' + name + '\\n');
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
note('begin');
fs.mkdirSync(folder, { recursive: true });
for (let i = 0; i < ${FILES}; i++) {
  fs.writeFileSync(folder + '/' + i, '');
  sleep(milliseconds / ${FILES} / 2);
  fs.writeFileSync(folder + '/' + i, 'whole');
  sleep(milliseconds / ${FILES} / 2);
}
note('end');
`;

/**
 * @param {string} root
 * @param {number} milliseconds how long each step takes
 * @returns {import('../../setup/run-steps.mjs').Step[]}
 */
function fakeSteps(root, milliseconds) {
  const step = (/** @type {string} */ name, /** @type {string[]} */ needs) => {
    const folder = path.join(root, name);
    const stamp = path.join(folder, STAMP);
    return {
      name,
      doing: 'writing files',
      needs,
      isReady: () => stampMatches(stamp, { name }),
      run: async (/** @type {import('../../setup/run-steps.mjs').StepContext} */ { log, signal }) => {
        removeStamp(stamp);
        fs.rmSync(folder, { recursive: true, force: true });
        await run(process.execPath, ['-e', PROGRAM, folder, path.join(root, 'journal'), name, String(milliseconds)], { log, signal });
        writeStamp(stamp, { name });
      },
    };
  };
  return [step('one', []), step('two', []), step('three', ['one', 'two']), step('four', ['one'])];
}

const [root, milliseconds = '60'] = process.argv.slice(2);
try {
  const ran = await runSteps(openProject(root, process.env), fakeSteps(root, Number(milliseconds)));
  console.log(`ran: ${ran.join(' ')}`);
} catch (error) {
  console.log(error instanceof Interrupted ? 'interrupted' : error);
  process.exitCode = 1;
}
