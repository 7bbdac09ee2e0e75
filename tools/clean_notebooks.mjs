// @ts-check

/**
 * Brings notebooks into the form in which they are committed: no outputs, no counts, only the metadata that is needed (of exercises:
 * nbgrader's), and the key order and indentation with which Jupyter saves, so that a diff shows the change alone.
 *
 * node tools/clean_notebooks.mjs [--check] [paths]
 * Without paths: all notebooks of the course. With --check nothing is written; the exit code is 1 if a notebook is not clean.
 */

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const COURSE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const FOLDERS = ['notebooks', 'exercises', 'solutions'];

const { version } = createRequire(import.meta.url)('@tslab/typescript-for-tslab/package.json');

/** Just what the kernel says of itself: where it differs, JupyterLab changes and saves a notebook that was only opened. */
const METADATA = {
  kernelspec: { display_name: 'TypeScript', language: 'typescript', name: 'tslab' },
  language_info: { file_extension: '.ts', mimetype: 'text/typescript', name: 'typescript', version },
};

/** @typedef {{ cell_type: string; id?: string; source: string | string[]; metadata?: Record<string, any>; attachments?: object }} Cell */

/** The notebooks that are committed. @returns {string[]} absolute paths */
export function committedNotebooks() {
  return FOLDERS.map((folder) => path.join(COURSE, folder)).filter((folder) => fs.existsSync(folder)).flatMap((folder) =>
    fs.readdirSync(folder).filter((name) => name.endsWith('.ipynb')).sort().map((name) => path.join(folder, name)));
}

/**
 * The clean form of a notebook. Cleaning twice changes nothing.
 * @param {string} text the notebook as it was saved
 */
export function cleanNotebook(text) {
  /** @type {{ cells: Cell[] }} */
  const { cells } = JSON.parse(text);
  /** @type {Set<string>} */
  const taken = new Set();
  // An empty answer is still an answer's place.
  const clean = cells.filter((cell) => sourceOf(cell) !== '' || cell.metadata?.nbgrader).map((cell) => cleanCell(cell, taken));
  return `${JSON.stringify({ cells: clean, metadata: METADATA, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}

/** The text of a cell, without white space at its end. @param {Cell} cell */
function sourceOf(cell) {
  return (Array.isArray(cell.source) ? cell.source.join('') : cell.source).trimEnd();
}

/** Keys in the order of the alphabet, as Jupyter sorts them. @param {Cell} cell @param {Set<string>} taken */
function cleanCell(cell, taken) {
  const text = sourceOf(cell);
  const source = text === '' ? [] : text.split(/(?<=\n)/);
  const id = freeId(cell, taken);
  taken.add(id);
  const metadata = cellMetadata(cell);
  if (cell.cell_type === 'code') return { cell_type: 'code', execution_count: null, id, metadata, outputs: [], source };
  return { ...(cell.attachments ? { attachments: cell.attachments } : {}), cell_type: cell.cell_type, id, metadata, source };
}

/**
 * What nbgrader needs to know of a cell of an exercise, and whether a learner may delete or edit it. Other cells need nothing.
 * @param {Cell} cell
 */
function cellMetadata({ metadata = {} }) {
  if (metadata.nbgrader === undefined) return {};
  const { deletable, editable } = metadata;
  const nbgrader = Object.fromEntries(Object.entries(metadata.nbgrader).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...(deletable === undefined ? {} : { deletable }), ...(editable === undefined ? {} : { editable }), nbgrader };
}

/** An id that a cell has stays; one that is missing or taken by an earlier cell gets a number. @param {Cell} cell @param {Set<string>} taken */
function freeId(cell, taken) {
  if (cell.id && !taken.has(cell.id)) return cell.id;
  let number = taken.size + 1;
  while (taken.has(`cell-${number}`)) number += 1;
  return `cell-${number}`;
}

/** @param {string[]} args */
function main(args) {
  const isCheck = args.includes('--check');
  const paths = args.filter((arg) => arg !== '--check');
  let unclean = 0;
  for (const file of paths.length > 0 ? paths : committedNotebooks()) {
    const text = fs.readFileSync(file, 'utf8');
    const clean = cleanNotebook(text);
    if (text === clean) continue;
    unclean += 1;
    console.log(`${isCheck ? 'not clean' : 'cleaned'}: ${path.relative(process.cwd(), file)}`);
    if (isCheck) continue;
    const temporary = `${file}.${process.pid}`;
    fs.writeFileSync(temporary, clean);
    fs.renameSync(temporary, file);
  }
  if (isCheck && unclean > 0) {
    console.log('Run node tools/clean_notebooks.mjs to clean them.');
    process.exitCode = 1;
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
