// @ts-check

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/**
 * Reads what learners have handed in, out of a folder or a zip file as an LMS makes it: zip files of `handIn()`, bare
 * notebooks, several attempts, odd names. It believes nothing: names and ids are checked, links are refused, zip files
 * are unpacked within limits. Nothing of the download is changed.
 *
 * @typedef {object} Attempt
 * @property {string} place where it lies in the download
 * @property {string} [learner] the id; absent where nobody can tell
 * @property {string} [lesson]
 * @property {string} [uploader] who uploaded it, as the LMS writes it
 * @property {Date} [time] when it was handed in
 * @property {number} attempt the LMS's count, 0 without one
 * @property {Map<string, Buffer>} files what is to be kept, by its path
 * @property {string[]} remarks what an instructor should look at, though it can be marked
 * @property {string[]} doubts why it cannot be collected
 *
 * @typedef {object} Refused
 * @property {string} place
 * @property {string} why
 *
 * @typedef {object} Person a line of the roster, with the columns of nbgrader's
 * @property {string} id
 * @property {string} first_name
 * @property {string} last_name
 * @property {string} email
 * @property {string} lms_user_id
 *
 * @typedef {object} Course what a hand-in is compared with
 * @property {Map<string, string[]>} lessons the ids of their cells, by name
 * @property {readonly Person[]} [roster]
 * @property {(file: string, folder: string, options: object) => Promise<unknown>} unpackArchive the library's
 * @property {() => string} newFolder makes an empty folder to unpack into
 */

/** What names of folders in submitted/ may be. */
export const LEARNER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What the zip file of one learner may hold, and that of a whole class. */
export const LIMITS = {
  handIn: { members: 200, memberSize: 50e6, totalSize: 100e6 },
  download: { members: 20_000, memberSize: 200e6, totalSize: 4e9 },
};
export const LARGEST_NOTEBOOK = 20e6;
export const DEEPEST = 8;
const MODEL_FILE = /^models\/((?:\d|B)\.\d+)\/(model\.json|weights\.bin)$/;
/** What systems and Jupyter add. */
export const NOISE = /(^|\/)(__MACOSX|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|\._[^/]*)(\/|$)/;

/**
 * @param {string} download a folder or a zip file
 * @param {Course} course
 * @returns {Promise<{ attempts: Attempt[], refused: Refused[], ignored: string[] }>}
 */
export async function readDownload(download, course) {
  const reader = new Reader(course);
  const isFolder = fs.statSync(download).isDirectory();
  if (isFolder) await reader.folder(download, '', []);
  else await reader.zip(download, path.basename(download), []);
  decideDoubles(reader.attempts);
  return reader;
}

class Reader {
  /** @type {Attempt[]} */
  attempts = [];
  /** @type {Refused[]} */
  refused = [];
  /** @type {string[]} */
  ignored = [];
  /** @type {Course} */
  #course;

  /** @param {Course} course */
  constructor(course) {
    this.#course = course;
  }

  /**
   * @param {string} folder
   * @param {string} place what it is called in the download
   * @param {string[]} names of the folders and zip files around, the outermost first
   */
  async folder(folder, place, names) {
    if (names.length > DEEPEST) return this.#refuse(place, `it lies more than ${DEEPEST} folders deep`);
    const entries = fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    if (entries.some(({ name }) => name === 'hand-in.json')) return this.#handIn(folder, place, names);
    for (const entry of entries) {
      const file = path.join(folder, entry.name);
      const inside = place === '' ? entry.name : `${place}/${entry.name}`;
      if (NOISE.test(entry.name)) continue;
      if (entry.isDirectory()) await this.folder(file, inside, [...names, entry.name]);
      else if (!entry.isFile()) this.#refuse(inside, 'it is a link or a device, no file');
      else if (/\.zip$/i.test(entry.name)) await this.zip(file, inside, [...names, entry.name]);
      else if (/\.ipynb$/i.test(entry.name)) this.#notebook(file, inside, [...names, entry.name]);
      else this.ignored.push(inside);
    }
  }

  /** @param {string} file @param {string} place @param {string[]} names */
  async zip(file, place, names) {
    const folder = this.#course.newFolder();
    // The outermost one may be that of a whole class; one within it is one learner's.
    const limits = names.length === 0 ? LIMITS.download : LIMITS.handIn;
    try {
      await this.#course.unpackArchive(file, folder, {
        name: path.basename(file),
        limits,
        pathOf: (/** @type {string} */ member) => (NOISE.test(member) ? undefined : member),
      });
    } catch (error) {
      return this.#refuse(place, /** @type {Error} */ (error).message);
    }
    await this.folder(folder, place, names);
  }

  /** @param {string} folder @param {string} place @param {string[]} names */
  #handIn(folder, place, names) {
    /** @type {string[]} */
    const remarks = [];
    const facts = factsIn(path.join(folder, 'hand-in.json'));
    if (!facts) return this.#refuse(place, 'its hand-in.json cannot be read');
    const lesson = this.#course.lessons.has(facts.lesson) ? facts.lesson : undefined;
    const notebook = path.join(folder, `${facts.lesson}.ipynb`);
    if (lesson === undefined || !isFile(notebook)) {
      const told = JSON.stringify(facts.lesson);
      return this.#refuse(place, `its hand-in.json speaks of the lesson ${told}, and there is no such notebook`);
    }
    /** @type {Map<string, Buffer>} */
    const files = new Map();
    for (const name of filesIn(folder)) {
      if (name !== 'hand-in.json' && name !== `${lesson}.ipynb` && !MODEL_FILE.test(name)) {
        this.ignored.push(`${place}/${name}`);
        continue;
      }
      const content = fs.readFileSync(path.join(folder, name));
      const promised = facts.files[name];
      if (name !== 'hand-in.json' && promised !== createHash('sha256').update(content).digest('hex')) {
        remarks.push(`${name} is not as handIn() wrote it`);
      }
      files.set(name, content);
    }
    this.#take({ place, names, files, remarks, declared: facts.learner, lesson, time: facts.time });
  }

  /** @param {string} file @param {string} place @param {string[]} names */
  #notebook(file, place, names) {
    const stamp = path.join(path.dirname(file), 'timestamp.txt');
    const time = (isFile(stamp) && timeOf(fs.readFileSync(stamp, 'utf8').trim())) || undefined;
    const content = fs.readFileSync(file);
    const { lessons } = this.#course;
    const name = path.basename(file);
    const lesson = lessonOf(content, lessons) ?? [...lessons.keys()].find((each) => name.includes(each));
    const files = new Map([[lesson ? `${lesson}.ipynb` : name, content]]);
    this.#take({ place, names, files, remarks: [], lesson, time });
  }

  /** @param {string} place @param {string} why */
  #refuse(place, why) {
    this.refused.push({ place, why });
  }

  /**
   * @param {Pick<Attempt, 'place' | 'files' | 'remarks' | 'lesson' | 'time'> & { names: string[], declared?: string }} found
   */
  #take({ place, names, files, remarks, declared, lesson, time }) {
    /** @type {string[]} */
    const doubts = [];
    const notebook = [...files].find(([name]) => name.endsWith('.ipynb'))?.[1];
    if (!notebook || !cellIdsOf(notebook)) doubts.push('its notebook is no whole notebook');
    if (lesson === undefined) doubts.push('it is of no lesson that has exercises');
    const told = toldByNames(names, this.#course.lessons);
    const person = told.uploader === undefined ? undefined : this.#course.roster?.find((each) => isMeant(each, told));
    const official = told.learner ?? person?.id;
    const learner = official ?? declared ?? told.userName;
    if (learner === undefined) {
      const { uploader } = told;
      doubts.push(uploader === undefined ? 'nobody can tell whose it is' : `the roster does not say who "${uploader}" is`);
    } else if (!LEARNER.test(learner)) {
      doubts.push(`${JSON.stringify(learner.slice(0, 80))} is no id of a learner`);
    } else if (official !== undefined && declared !== undefined && official !== declared) {
      doubts.push(`it was handed in as ${declared}, but uploaded by ${told.uploader ?? official} (${official})`);
    } else if (this.#course.roster && !this.#course.roster.some(({ id }) => id === learner)) {
      doubts.push(`${learner} is not in the roster`);
    }
    this.attempts.push({
      place, lesson, files, remarks, doubts, attempt: told.attempt,
      learner: learner !== undefined && LEARNER.test(learner) ? learner : undefined,
      uploader: told.uploader, time: told.time ?? time,
    });
  }
}

/** Two people with one id: a typing error, or worse. Neither is collected. @param {Attempt[]} attempts */
function decideDoubles(attempts) {
  /** @type {Map<string, Set<string>>} */
  const uploaders = new Map();
  for (const { learner, uploader } of attempts) {
    if (learner === undefined || uploader === undefined) continue;
    uploaders.set(learner, (uploaders.get(learner) ?? new Set()).add(uploader));
  }
  for (const attempt of attempts) {
    const all = [...uploaders.get(attempt.learner ?? '') ?? []].map((name) => `"${name}"`);
    if (all.length > 1) attempt.doubts.push(`${all.join(' and ')} both hand in as ${attempt.learner}`);
  }
}

/**
 * Of attempts without doubts the newest of each learner and lesson, and how many older ones there are.
 *
 * @param {readonly Attempt[]} attempts
 */
export function newestOf(attempts) {
  /** @type {Map<string, Attempt[]>} */
  const groups = new Map();
  for (const attempt of attempts.filter(({ doubts }) => doubts.length === 0)) {
    const key = `${attempt.learner}/${attempt.lesson}`;
    groups.set(key, [...(groups.get(key) ?? []), attempt]);
  }
  return [...groups.values()].map((group) => {
    const at = (/** @type {Attempt} */ { time }) => time?.getTime() ?? 0;
    const [newest, ...older] = group.sort((a, b) => at(b) - at(a) || b.attempt - a.attempt);
    return { newest, older: older.length };
  });
}

/**
 * What the names around a file tell: those of Moodle, Canvas, Blackboard, of nbgrader's exchange and of its submitted/.
 *
 * @typedef {object} Told
 * @property {string} [learner] said by nbgrader, which knows
 * @property {string} [uploader] as the LMS writes it
 * @property {string} [userName] an uploader's name for logging in
 * @property {string} [lmsId]
 * @property {Date} [time]
 * @property {number} attempt
 *
 * @param {readonly string[]} names the outermost first
 * @param {ReadonlyMap<string, unknown>} lessons
 * @returns {Told}
 */
export function toldByNames(names, lessons) {
  for (const name of [...names].reverse()) {
    const moodle = /^(.+?)_(\d+)_assignsubmission_/.exec(name);
    if (moodle) return { uploader: moodle[1], lmsId: moodle[2], attempt: 0 };
    const canvas = /^([\p{L}\p{N}]+)_(?:LATE_)?(\d+)_(\d+)_.+?(?:-(\d+))?\.(?:zip|ipynb)$/u.exec(name);
    if (canvas) return { uploader: canvas[1], lmsId: canvas[2], attempt: Number(canvas[4] ?? 0) };
    const blackboard = /_([^_]+)_attempt_(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)/.exec(name);
    if (blackboard) {
      const [, user, day, ...clock] = blackboard;
      return { uploader: user, userName: user, time: timeOf(`${day}T${clock.join(':')}Z`), attempt: 0 };
    }
    const exchange = /^([^+]+)\+[^+]+\+([^+]+)/.exec(name);
    if (exchange) return { learner: exchange[1], time: timeOf(exchange[2]), attempt: 0 };
  }
  const [learner, lesson] = names.slice(-3);
  return { learner: names.length >= 3 && lessons.has(lesson) ? learner : undefined, attempt: 0 };
}

/** `2026-11-21 20:15:03.123 UTC`, as nbgrader writes it, or ISO 8601. @param {string} text */
export function timeOf(text) {
  const time = new Date(text.replace(/ UTC$/, 'Z').replace(/^(\d{4}-\d\d-\d\d) /, '$1T').replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** @param {Person} person @param {Told} told */
function isMeant(person, told) {
  const plain = (/** @type {string} */ text) => text.normalize('NFKD').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const wanted = plain(told.uploader ?? '');
  const { id, first_name: first, last_name: last, email, lms_user_id: lmsId } = person;
  if (told.lmsId !== undefined && lmsId === told.lmsId) return true;
  if (told.userName !== undefined) return [id, lmsId, email, email.split('@')[0]].includes(told.userName);
  return wanted !== '' && [first + last, last + first].some((name) => plain(name) === wanted);
}

/**
 * @param {string} file
 * @returns {{ learner: string, lesson: string, time: Date | undefined, files: Record<string, string> } | undefined}
 */
function factsIn(file) {
  if (!isFile(file) || fs.statSync(file).size > 1e6) return undefined;
  try {
    const { learner, lesson, time, files } = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (typeof learner !== 'string' || typeof lesson !== 'string' || typeof files !== 'object') return undefined;
    return { learner, lesson, time: timeOf(String(time)), files: { ...files } };
  } catch {
    return undefined; // No JSON.
  }
}

/** The grade_ids of a notebook's cells; undefined if it is none. @param {Buffer} content */
function cellIdsOf(content) {
  if (content.length > LARGEST_NOTEBOOK) return undefined;
  try {
    const { cells, nbformat } = JSON.parse(content.toString('utf8'));
    if (nbformat !== 4 || !Array.isArray(cells)) return undefined;
    return cells.map((cell) => String(cell?.metadata?.nbgrader?.grade_id ?? ''));
  } catch {
    return undefined; // No JSON.
  }
}

/**
 * The lesson that a notebook shares most answers with.
 *
 * @param {Buffer} content
 * @param {ReadonlyMap<string, string[]>} lessons
 */
function lessonOf(content, lessons) {
  const ids = new Set(cellIdsOf(content) ?? []);
  const isShared = (/** @type {string} */ id) => /^e[\dB]+-\d+$/.test(id) && ids.has(id);
  const shared = [...lessons].map(([name, cells]) => ({ name, count: cells.filter(isShared).length }));
  return shared.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)[0]?.name;
}

/** @param {string} file */
const isFile = (file) => fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;

/** All regular files in a folder, by their paths in it. @param {string} folder @returns {string[]} */
function filesIn(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return filesIn(path.join(folder, entry.name)).map((name) => `${entry.name}/${name}`);
    return entry.isFile() ? [entry.name] : [];
  });
}

/**
 * A roster as nbgrader imports it: CSV with a header; `id` is needed, `first_name`, `last_name`, `email` and
 * `lms_user_id` help to tell who somebody is.
 *
 * @param {string} text
 * @returns {Person[]}
 * @throws {Error} that says what is wrong
 */
export function readRoster(text) {
  const [header = [], ...rows] = csvRows(text.replace(/^\ufeff/, ''));
  const column = (/** @type {string} */ name) => header.findIndex((title) => title.trim().toLowerCase() === name);
  if (column('id') === -1) {
    const others = 'first_name, last_name, email, lms_user_id';
    throw new Error(`got the columns ${header.join(', ')}; expected id, and if you have them ${others}`);
  }
  const people = rows.filter((row) => row.some((value) => value.trim() !== '')).map((row) => {
    const value = (/** @type {string} */ name) => (row[column(name)] ?? '').trim();
    const [id, email] = [value('id'), value('email')];
    return { id, first_name: value('first_name'), last_name: value('last_name'), email, lms_user_id: value('lms_user_id') };
  });
  const wrong = people.find(({ id }) => !LEARNER.test(id));
  if (wrong) {
    throw new Error(`got the id ${JSON.stringify(wrong.id)}; expected at most 64 letters, digits, '.', '_' and '-'`);
  }
  const twice = people.find(({ id }, i) => people.findIndex((each) => each.id === id) !== i);
  if (twice) throw new Error(`got the id ${twice.id} twice; expected each once`);
  return people;
}

/**
 * Rows of RFC 4180: values may stand in quotes, and may then hold commas, line breaks and doubled quotes.
 *
 * @param {string} text
 */
function csvRows(text) {
  /** @type {string[][]} */
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows[rows.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '') break;
    if (end !== ',') rows.push([]);
  }
  return rows;
}
