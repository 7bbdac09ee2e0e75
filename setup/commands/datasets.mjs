// @ts-check

import { createRequire } from 'node:module';
import path from 'node:path';
import { adviceOf, parseOptions } from '../arguments.mjs';
import { formatChecks, hasColours, ok } from '../checks.mjs';
import { bytesOf } from '../disk.mjs';
import { Interrupted, Problem } from '../problems.mjs';
import { Progress, formatBytes, formatTime } from '../progress.mjs';
import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';

const require = createRequire(import.meta.url);

/**
 * @typedef {import('../project.mjs').Project} Project
 * @typedef {import('../checks.mjs').Check} Check
 * @typedef {import('../../lib/src/data/datasets.ts').DatasetStatus} DatasetStatus
 * @typedef {import('../../lib/src/data/manifest.ts').DatasetEntry} DatasetEntry
 * @typedef {import('../../lib/src/data/progress.ts').DataProgress} DataProgress
 */

/**
 * What was done for one dataset; what `--json` prints.
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {'ok' | 'note' | 'problem'} state
 * @property {string} text
 */

const USAGE = 'npm run datasets [-- fetch | verify | remove [NAME ...]] [--json]';

const HELP = `${USAGE}

  (nothing)  lists the datasets: where each would come from now, and why not from an earlier place
  fetch      downloads what is not on this machine
  verify     compares checksums; decodes the pictures of folders of your own, and tells which would be skipped
  remove     takes away what the course has downloaded, drawn and decoded; never a folder of your own
  NAME       a dataset of datasets/manifest.json, or a folder in datasets/; without one: all
  --json     the same for programs

The exit code is 1 if something failed or cannot be had.`;

/**
 * `npm run datasets`: lists the datasets; `-- fetch`, `verify`, `remove` with names, or for all.
 *
 * @type {import('../main.mjs').Command}
 */
export default async function datasets(project, args) {
  const request = parseArguments(args);
  if (request.help) {
    console.log(HELP);
    return 0;
  }
  await runSteps(project, allSteps(project));
  return carryOut(project, request);
}

/**
 * @param {Project} project
 * @param {ReturnType<typeof parseArguments>} request
 * @returns {Promise<number>} the exit code: 1 if something that was asked for failed
 */
export async function carryOut(project, { action, names, json }) {
  // Where the library keeps decoded pictures.
  process.env.COURSE_CACHE = project.cache;
  const statuses = await statusesOf(project);
  if (action === 'list') {
    console.log(json ? JSON.stringify(statuses.map(statusAsJson), undefined, 2) : listText(statuses));
    return statuses.some(({ problem }) => problem !== undefined) ? 1 : 0;
  }
  const known = statuses.map(({ entry }) => entry.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Problem(
      `There is no dataset "${unknown}"; expected one of: ${known.join(', ')}.`,
      `check the name: ${USAGE}`,
    );
  const entries = statuses.map(({ entry }) => entry).filter(({ name }) => names.length === 0 || names.includes(name));
  /** @type {Result[]} */
  const results = [];
  for (const entry of entries) {
    try {
      results.push(...(await actions[action](project, entry, names.length > 0)));
    } catch (error) {
      // The library's, which main() does not know.
      if (/** @type {Error} */ (error).name === 'Interrupted') throw new Interrupted();
      results.push({ name: entry.name, state: 'problem', text: /** @type {Error} */ (error).message });
    }
  }
  if (json) console.log(JSON.stringify(results, undefined, 2));
  else if (results.length === 0) console.log('There is nothing to do.');
  else console.log(formatChecks(results, hasColours()));
  return results.some(({ state }) => state === 'problem') ? 1 : 0;
}

/**
 * @param {string[]} args
 * @returns {{ action: 'list' | keyof typeof actions, names: string[], json: boolean, help: boolean }}
 */
export function parseArguments(args) {
  const { values: { json, help }, positionals } = parseOptions(args, { json: { type: 'boolean', default: false } }, USAGE);
  const [action = 'list', ...names] = positionals;
  if (action !== 'list' && !Object.hasOwn(actions, action))
    throw new Problem(`Unknown action "${action}"; expected one of: ${Object.keys(actions).join(', ')}.`, adviceOf(USAGE));
  return { action: /** @type {keyof typeof actions} */ (action), names, json: json === true, help: help === true };
}

/** @type {Record<'fetch' | 'verify' | 'remove', (project: Project, entry: DatasetEntry, isNamed: boolean) => Promise<Result[]>>} */
const actions = {
  async fetch(project, entry) {
    const { name, title } = entry;
    const progress = new Progress();
    // Begun when something comes: what is there, or cannot be had, is said in the result alone.
    /** @type {import('../progress.mjs').StepProgress | undefined} */
    let step;
    try {
      const { note: text } = await library(project, 'locate').fetchDataset(entry, {
        env: project.env,
        onProgress: (/** @type {DataProgress} */ now) => {
          step ??= progress.start(title, progressText(now));
          step.report(progressText(now));
        },
      });
      step?.end('done');
      return [{ name, state: 'ok', text }];
    } catch (error) {
      step?.end('failed');
      throw error;
    }
  },

  async verify(project, entry, isNamed) {
    const { name } = entry;
    /** @type {import('../../lib/src/data/datasets.ts').VerifiedFolder[]} */
    const folders = await library(project, 'datasets').verifyDataset(entry, project.env);
    if (folders.length === 0 && isNamed) return [{ name, state: 'problem', text: 'It is not on this machine.' }];
    return folders.map(({ kind, folder, remark, problem }) => {
      if (problem !== undefined) return { name, state: 'problem', text: problem };
      const state = remark === '' ? 'ok' : 'note';
      return { name, state, text: `${folder}: ${verifiedText(entry, kind)}. ${remark}`.trim() };
    });
  },

  async remove(project, entry) {
    const { name } = entry;
    const { keptFolders, removeDataset } = library(project, 'datasets');
    /** @type {Map<string, number>} */
    const sizes = new Map(
      keptFolders(entry, project.env).map((/** @type {string} */ folder) => [folder, bytesOf(folder)]),
    );
    /** @type {import('../../lib/src/data/datasets.ts').RemovedDataset} */
    const { files, decoded } = await removeDataset(entry, project.env);
    const texts = files.map((file) => {
      const size = sizes.get(file);
      return `Removed ${file}${size === undefined ? '' : ` (${formatBytes(size)})`}.`;
    });
    if (decoded > 0) texts.push(`Removed its decoded pictures (${formatBytes(decoded)}).`);
    return texts.map((text) => ({ name, state: 'ok', text }));
  },
};

/**
 * @param {DatasetEntry} entry
 * @param {import('../../lib/src/data/datasets.ts').VerifiedFolder['kind']} kind
 */
function verifiedText(entry, kind) {
  if (kind === 'drawn') return 'drawn stand-ins, as the manifest promises';
  if (entry.kind === 'idx') return 'as published';
  return kind === 'cache' ? 'as it was unpacked' : 'all classes are there, and the pictures were decoded';
}

/**
 * What the library has built from `lib/src/data/`. Not from '@course/lib': that would load TensorFlow, which may be
 * what is broken.
 *
 * @param {Project} project
 * @param {string} name
 */
const library = (project, name) => require(path.join(project.root, 'lib', 'dist', 'data', `${name}.js`));

/**
 * @param {Project} project
 * @returns {Promise<DatasetStatus[]>}
 */
const statusesOf = (project) => library(project, 'datasets').datasetStatuses(project.env);

/**
 * A line for each dataset of the manifest: where it comes from, and why not from a place before. No lesson needs the
 * other folders in `datasets/`.
 *
 * @param {Project} project
 * @returns {Promise<Check[]>}
 */
export async function dataChecks(project) {
  /** @type {DatasetEntry[]} */
  const entries = library(project, 'manifest').readManifest();
  const names = entries.map(({ name }) => name);
  return (await statusesOf(project)).filter(({ entry }) => names.includes(entry.name)).map(dataCheck);
}

/**
 * @param {Pick<DatasetStatus, 'source' | 'problem'> & { entry: { name: string } }} status
 * @returns {Check}
 */
export function dataCheck({ entry: { name }, source, problem }) {
  // It says what to do itself.
  if (!source) return { name, state: 'problem', text: problem ?? '' };
  // The text about drawn data says itself why, and what to do.
  if (source.kind === 'drawn') return { name, state: 'note', text: source.note };
  const reasons = source.passedOver.map(({ kind, reason }) => `(not ${PLACES[kind]}: ${reason})`);
  return ok(name, [source.note, ...reasons].join('\n'));
}

/** @type {Record<import('../../lib/src/data/locate.ts').DataPlace, string>} */
const PLACES = {
  folder: 'from a folder',
  own: 'from datasets/',
  cache: 'from the cache',
  download: 'by a download',
  drawn: 'drawn',
};

/** @param {DatasetStatus[]} statuses */
function listText(statuses) {
  const checks = statuses.map((status) => {
    const { title, licence } = status.entry;
    const check = dataCheck(status);
    const lines = [
      `${title} · ${sizeText(status)} · licence: ${licence.name}`,
      ...check.text.split('\n'),
      ...keptElsewhere(status).map(({ folder, bytes }) => `(also kept: ${folder}, ${formatBytes(bytes)})`),
    ];
    return { ...check, text: lines.join('\n') };
  });
  return `${formatChecks(checks, hasColours())}\n\n${USAGE}\nMore: npm run datasets -- --help`;
}

/** @param {DatasetStatus} status */
function sizeText({ source, downloadSize }) {
  const onDisk = source?.folder ? bytesOf(source.folder) : 0;
  if (onDisk > 0) return `${formatBytes(onDisk)} on disk`;
  if (source?.kind === 'download') return `${formatBytes(downloadSize)} to download`;
  return source?.kind === 'drawn' ? 'not yet drawn' : 'not on this machine';
}

/**
 * What lies in the cache beside what is used now, such as stand-ins that were drawn before there was a network.
 *
 * @param {Pick<DatasetStatus, 'source' | 'keptFolders'>} status
 */
const keptElsewhere = ({ source, keptFolders }) =>
  keptFolders
    .filter((folder) => folder !== source?.folder)
    .map((folder) => ({ folder, bytes: bytesOf(folder) }))
    .filter(({ bytes }) => bytes > 0);

/** @param {DatasetStatus} status */
const statusAsJson = ({ entry, source, problem, downloadSize, keptFolders }) => ({
  name: entry.name,
  title: entry.title,
  kind: entry.kind,
  classNames: entry.classNames,
  licence: entry.licence,
  homepage: entry.homepage,
  citation: entry.citation,
  source,
  problem,
  bytesOnDisk: source?.folder ? bytesOf(source.folder) : 0,
  keptElsewhere: keptElsewhere({ source, keptFolders }),
  downloadSize,
});

/** @param {DataProgress} progress */
function progressText({ activity, what, received, total, ratePerSecond }) {
  if (activity === 'wait') return `waiting: ${what}`;
  const left = ratePerSecond > 0 ? `, ${formatTime((1000 * (total - received)) / ratePerSecond)} left` : '';
  const doing = activity === 'unpack' ? 'unpacking' : `downloading ${new URL(what).host}`;
  return `${doing}, ${formatBytes(received)} of ${formatBytes(total)}, ${(ratePerSecond / 1e6).toFixed(1)} MB/s${left}`;
}
