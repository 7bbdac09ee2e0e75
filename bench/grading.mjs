// @ts-check

// How many submissions the grader marks in a second, beside nbgrader's autograder on the same notebooks in the same run.
//
//     npm run bench -- grading [--count 200] [--nbgrader 5] [--many 10000] [--write]
//
// It needs a course on which npm run assign or npm test has run (they set up what is needed), and bubblewrap. A
// submission has the eight first answers of lesson 03 that need no TensorFlow (seven functions and a number), half of the submissions
// with a mistake; then the same with those of lesson 03 that need it (a tensor function and a model builder). Each is marked in
// sandboxes of its own. --nbgrader N lets nbgrader mark N of the same notebooks, --many N marks N submissions in one go and
// watches the memory of the process that does it. --write puts the table into bench/results/grading.md. Only ratios
// within one run are compared.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { jupyterEnvironment } from '../setup/jupyter-environment.mjs';
import { openProject } from '../setup/project.mjs';
import { commandText, count, machineText, markdownTable, today } from './support.mjs';

const COURSE = fileURLToPath(new URL('..', import.meta.url));
const LESSON = '03_fashion_mnist_cnn';
const PLAIN = ['3.1', '3.2', '3.3', '3.4', '3.6', '3.7', '3.9', '3.10'];
const TENSORS = ['3.8', '3.15'];

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '200' },
    nbgrader: { type: 'string', default: '5' },
    many: { type: 'string', default: '0' },
    write: { type: 'boolean', default: false },
  },
});
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-grading-'));

/** @typedef {{ id: string, cell_type: string, source: string | string[], metadata: any }} Cell */

const read = (/** @type {string} */ folder) =>
  /** @type {{ cells: Cell[] }} */ (JSON.parse(fs.readFileSync(path.join(COURSE, folder, `${LESSON}.ipynb`), 'utf8')));

/**
 * Writes submissions in nbgrader's order of folders.
 *
 * @param {string} root
 * @param {number} number
 * @param {readonly string[]} exercises which answers they have
 */
function handIn(root, number, exercises) {
  const sources = new Map(read('solutions').cells.map((cell) => [cell.id, cell.source]));
  const ids = new Set(exercises.map((id) => `e${id.replace('.', '-')}`));
  const released = read('exercises');
  // Without the cells of other exercises, so that both have the same to do.
  released.cells = released.cells.filter(({ id }) => !/^e\d/.test(id) || ids.has(id.replace(/-(task|check)$/, '')));
  for (let i = 0; i < number; i++) {
    const cells = released.cells.map((cell, k) => {
      const isAnswer = cell.metadata.nbgrader?.solution && cell.cell_type === 'code';
      const isWrong = i % 2 === 0 && (i / 2 + k) % 8 === 0;
      return isAnswer && !isWrong ? { ...cell, source: [sources.get(cell.id) ?? '', `\n// ${i}`].flat() } : cell;
    });
    const folder = path.join(root, `learner-${String(i).padStart(5, '0')}`, LESSON);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${LESSON}.ipynb`), JSON.stringify({ ...released, cells }));
  }
}

/**
 * Marks a folder by the command's own program.
 *
 * @param {string} submitted
 * @param {string} out
 * @param {number} jobs
 * @param {(megabytes: number, marked: number) => void} [watch] called every second
 * @returns {Promise<number>} seconds, from the journal: without the start of the program
 */
async function grade(submitted, out, jobs, watch) {
  const args = [path.join(COURSE, 'grader', 'dist', 'cli.js'), submitted, '--out', out, '--jobs', String(jobs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let marked = 0;
  let errors = '';
  child.stderr.on('data', (data) => {
    marked += String(data).split('\n').length - 1;
    errors = (errors + String(data)).slice(-2000);
  });
  const timer = watch && setInterval(() => {
    const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
    watch(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1e3, marked);
  }, 1000);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`grade ended with ${code}:\n${errors}`);
  const times = fs.readFileSync(path.join(out, 'journal.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const ends = times.map(({ at }) => Date.parse(at));
  const began = Math.min(...times.map(({ at, milliseconds }) => Date.parse(at) - milliseconds));
  return (Math.max(...ends) - began) / 1000;
}

/** @param {number} number @returns {number} seconds that nbgrader takes for as many of the same notebooks */
function nbgrader(number) {
  const project = openProject();
  const course = path.join(scratch, 'nbgrader');
  const source = path.join(course, 'source', LESSON);
  fs.mkdirSync(source, { recursive: true });
  fs.copyFileSync(path.join(COURSE, 'solutions', `${LESSON}.ipynb`), path.join(source, `${LESSON}.ipynb`));
  fs.writeFileSync(path.join(course, 'nbgrader_config.py'), "c = get_config()\nc.ClearSolutions.code_stub = {'typescript': '// Your answer here.'}\n");
  // The kernel finds the library from where the notebook lies.
  fs.symlinkSync(path.join(COURSE, 'node_modules'), path.join(course, 'node_modules'));
  const run = (/** @type {string[]} */ ...args) => {
    const { status, stderr } = spawnSync(path.join(project.venv, 'bin', 'python'), ['-m', 'nbgrader', ...args], {
      cwd: course, env: jupyterEnvironment(project), encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`nbgrader ${args.join(' ')}:\n${stderr.slice(-3000)}`);
  };
  run('generate_assignment', LESSON, '--create');
  handIn(path.join(course, 'submitted'), number, PLAIN);
  const began = performance.now();
  run('autograde', LESSON);
  return (performance.now() - began) / 1000;
}

try {
  const number = Number(options.count);
  /** @type {string[][]} */
  const rows = [];
  let best = 0;
  /** @param {string} name @param {readonly string[]} exercises @param {number} some */
  const measure = async (name, exercises, some) => {
    const submitted = path.join(scratch, name);
    handIn(submitted, some, exercises);
    for (const jobs of [1, 2, 4]) {
      const seconds = await grade(submitted, path.join(scratch, `${name}-${jobs}`), jobs);
      const rate = some / seconds;
      if (name === 'plain') best = Math.max(best, rate);
      rows.push([name === 'plain' ? 'eight plain answers' : 'a tensor function and a model', String(jobs), count(some), rate.toFixed(1)]);
      console.error(rows.at(-1)?.join('  '));
    }
  };
  await measure('plain', PLAIN, number);
  await measure('tensors', TENSORS, Math.max(4, Math.round(number / 10)));

  let text = markdownTable(['submissions', 'at the same time', 'marked', 'a second'], rows);
  const some = Number(options.nbgrader);
  if (some > 0) {
    const rate = some / nbgrader(some);
    text += `\n\nnbgrader's autograder on ${some} of the notebooks with plain answers: ${rate.toFixed(2)} a second. `
      + `The grader, at its fastest: **${Math.round(best / rate)} times** as many.`;
  }
  const many = Number(options.many);
  if (many > 0) {
    const submitted = path.join(scratch, 'many');
    handIn(submitted, many, PLAIN);
    /** @type {{ megabytes: number, marked: number }[]} */
    const seen = [];
    const seconds = await grade(submitted, path.join(scratch, 'many-out'), os.availableParallelism(), (megabytes, marked) => seen.push({ megabytes, marked }));
    const tenth = Math.ceil(seen.length / 10);
    const rates = Array.from({ length: 10 }, (_, i) => seen.slice(i * tenth, (i + 1) * tenth)).filter((part) => part.length > 1)
      .map((part) => (part[part.length - 1].marked - part[0].marked) / (part.length - 1));
    text += `\n\n${count(many)} submissions in one go: ${count(seconds)} s, ${(many / seconds).toFixed(1)} a second; by tenths of the time `
      + `${rates.map((rate) => rate.toFixed(1)).join(', ')}. Memory of the marking process: at most ${Math.round(Math.max(...seen.map(({ megabytes }) => megabytes)))} MB, `
      + `after a tenth ${Math.round(seen[tenth]?.megabytes ?? 0)} MB, at the end ${Math.round(seen[seen.length - 1].megabytes)} MB.`;
  }
  const page = `# How fast submissions are marked\n\nWritten by \`${commandText('grading')}\`, ${today()}; how is said at the top of bench/grading.mjs.\n${machineText()}; Node.js ${process.versions.node}.\n\n${text}\n`;
  console.log(page);
  if (options.write) fs.writeFileSync(path.join(COURSE, 'bench', 'results', 'grading.md'), page);
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
