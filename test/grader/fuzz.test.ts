import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readUpload, type IntakeOptions } from '../../grader/src/intake';
import { Bubblewrap } from '../../grader/src/sandbox/bubblewrap';
import { isUngradable, type Submission, type Ungradable } from '../../grader/src/submission';
import { Random } from '../../lib/src/random';
import { lessons } from '../../solutions/definitions';
import { zipOf } from '../lib/data/zip';
import { buildGrader } from '../support/grader';

const NOTEBOOKS = 6000;
const ZIPS = 60;

const exercises = path.resolve(__dirname, '../../exercises');
const suites = lessons.filter((lesson) => lesson.exercises.length > 0)
  .map((lesson) => ({ assignment: lesson.name, exercises: lesson.exercises }));
let options: IntakeOptions;
beforeAll(() => {
  buildGrader();
  options = { suites, sandbox: new Bubblewrap() };
});

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Notebooks as they were given out, with outputs as they look when they were run. */
const originals = suites.map(({ assignment }): Json => {
  const text = fs.readFileSync(path.join(exercises, `${assignment}.ipynb`), 'utf8');
  const notebook = JSON.parse(text) as { cells: Record<string, Json>[] };
  for (const cell of notebook.cells.filter(({ cell_type: type }) => type === 'code')) {
    const data = { 'text/html': '<b>"]}\\"</b>', 'application/json': { a: [1, [2, { b: null }]] } };
    cell.outputs = [{ output_type: 'display_data', data }];
  }
  return notebook as unknown as Json;
});

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

const ODD_TEXTS = [
  '', '\0', '\ud800', '\udfff\ud800', '\u202eevil', '\ufeff', '😀'.repeat(50), 'x'.repeat(150_000), '../../x',
  '__proto__', '=1+1', '\x1b[2J', '<script>alert(1)</script>', 'e1-1', 'e1-1-check', '\u2028', 'e\u0301',
  '\r\n'.repeat(100), '"', '\\', 'NaN', '{"cells":[]}',
];
function nested(depth: number): Json {
  if (depth === 0) return 'x';
  return depth % 2 ? [nested(depth - 1)] : { a: nested(depth - 1) };
}
const oddValue = (random: Random): Json => pick<() => Json>(random, [
  () => null, () => true, () => 0, () => -1, () => 1e308, () => 0.1, () => 4, () => 3, () => [], () => ({}),
  () => pick(random, ODD_TEXTS), () => nested(random.below(200)), () => [null, 1, 'x'],
  () => Array.from({ length: random.below(300) }, () => ({})),
  () => ({ length: 3, 0: 'x' }), () => ({ toString: 'x', valueOf: null, then: 'x' }),
])();

/** Somewhere in a value: what holds it, and by which name. */
interface Somewhere {
  readonly holder: Json[] | Record<string, Json>;
  readonly name: string;
}

function somewhere(random: Random, root: Json): Somewhere | undefined {
  let at: Json = root;
  let found: Somewhere | undefined;
  while (typeof at === 'object' && at !== null) {
    const names = Object.keys(at);
    if (names.length === 0 || (found && random.fraction() < 0.15)) break;
    found = { holder: at as Json[] | Record<string, Json>, name: pick(random, names) };
    at = (at as Record<string, Json>)[found.name];
  }
  return found;
}

/** Ways to change a notebook's values. */
const VALUE_CHANGES: ((random: Random, root: Json) => void)[] = [
  (random, root) => {
    const place = somewhere(random, root);
    if (place) (place.holder as Record<string, Json>)[place.name] = oddValue(random);
  },
  (random, root) => {
    const place = somewhere(random, root);
    if (place && !Array.isArray(place.holder)) delete place.holder[place.name];
    else if (place) (place.holder as Json[]).splice(Number(place.name), 1);
  },
  (random, root) => {
    const place = somewhere(random, root);
    if (!place || Array.isArray(place.holder)) return;
    const name = pick(random, [...ODD_TEXTS.slice(0, 12), 'constructor', 'outputs', 'grade_id', 'source', 'cells']);
    // Also __proto__ becomes a name like others.
    const value = place.holder[place.name];
    Object.defineProperty(place.holder, name, { value, enumerable: true, configurable: true, writable: true });
  },
  (random, root) => {
    const { cells } = root as { cells?: Json };
    if (!Array.isArray(cells) || cells.length === 0) return;
    const cell = pick(random, cells);
    const copies = Array.from({ length: random.below(4) }, () => structuredClone(cell));
    cells.splice(random.below(cells.length), random.below(3), ...copies);
  },
];

/** Ways to change its bytes. */
const BYTE_CHANGES: ((random: Random, bytes: Buffer) => Buffer)[] = [
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    for (let i = random.below(8); i >= 0; i--) changed[random.below(changed.length)] = random.below(256);
    return changed;
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  (random, bytes) => {
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)].sort((a, b) => a - b);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (random, bytes) => {
    const [from, at] = [random.below(bytes.length), random.below(bytes.length)];
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + random.below(3000)), bytes.subarray(at)]);
  },
  (random, bytes) => {
    const at = random.below(bytes.length);
    const inserted = pick(random, [
      '"', '\\', '{', '}', '[', ']', ',', ':', '\\u0000', '\\ud800', '\\x', '\0', '\ufeff', '\u202e', '1e9999',
      'NaN', '//', '"cells":[],', '"source":"x",', '['.repeat(5000), '{"a":'.repeat(5000), '\n'.repeat(5000), ',{}'.repeat(300_000),
    ]);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted), bytes.subarray(at)]);
  },
  (random, bytes) => pick(random, [
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    () => Buffer.from(bytes.toString(), 'utf16le'),
    () => Buffer.from(bytes.toString('latin1')),
    () => Buffer.concat([bytes, bytes]),
    () => Buffer.from(bytes).reverse(),
    () => Buffer.from(Array.from({ length: 200 }, () => random.below(256))),
  ])(),
];

function malformed(random: Random): Buffer {
  const notebook = structuredClone(pick(random, originals));
  const isOfValues = random.fraction() < 0.5;
  for (let i = isOfValues ? random.below(4) : -1; i >= 0; i--) pick(random, VALUE_CHANGES)(random, notebook);
  let bytes: Buffer = Buffer.from(JSON.stringify(notebook, undefined, random.below(2)));
  for (let i = isOfValues && random.fraction() < 0.8 ? -1 : random.below(3); i >= 0 && bytes.length > 0; i--) {
    bytes = pick(random, BYTE_CHANGES)(random, bytes);
  }
  return bytes;
}

/** What is wrong with what came of it; undefined if nothing is. */
function wrongIn(all: readonly (Submission | Ungradable)[]): string | undefined {
  if (all.length !== 1) return `${all.length} came of it`;
  const [one] = all;
  if (isUngradable(one)) {
    if (/[\p{C}\u2028\u2029]/u.test(one.reason)) return 'its reason holds signs that nobody sees';
    const isSentence = /^".+": \S.*\.$/.test(one.reason) && one.reason.length < 600;
    return isSentence ? undefined : `its reason is no sentence: ${one.reason}`;
  }
  if (one.learner !== 'ada') return `it is taken for that of ${one.learner}`;
  const suite = suites.find(({ assignment }) => assignment === one.assignment);
  if (!suite) return `it is taken for ${one.assignment}`;
  for (const [id, source] of Object.entries({ ...one.answers, ...one.texts })) {
    if (!suite.exercises.some((exercise) => exercise.id === id)) return `there is no exercise ${id}`;
    const isText = typeof source === 'string' && source.length <= 100_000 && !/[\0\p{Surrogate}]/u.test(source);
    if (!isText) return `the answer to ${id} is no text`;
  }
  const isSentence = (text: string): boolean => /^[A-Z].*\.$/.test(text) && !/\p{C}/u.test(text);
  if (!one.findings.every(({ sentence }) => isSentence(sentence))) return 'a finding is no sentence';
  return one.findings.length > 300 ? 'it has endless findings' : undefined;
}

async function tried(
  name: string, bytes: Buffer,
): Promise<{ all: (Submission | Ungradable)[]; wrong: string | undefined }> {
  const all: (Submission | Ungradable)[] = [];
  try {
    for await (const each of readUpload(name, bytes, options)) all.push(each);
    return { all, wrong: wrongIn(all) };
  } catch (error) {
    return { all, wrong: `it threw ${(error as Error).stack}` };
  }
}

describe('intake', () => {
  it(`reads or refuses with a sentence each of ${NOTEBOOKS} malformed notebooks`, async () => {
    const wrong: string[] = [];
    const counts = { read: 0, refused: 0, found: 0 };
    const reasons = new Set<string>();
    for (let seed = 0; seed < NOTEBOOKS; seed++) {
      const { all: [one], wrong: what } = await tried('ada.ipynb', malformed(new Random(seed)));
      if (what !== undefined) wrong.push(`seed ${seed}: ${what}`);
      else if (isUngradable(one)) {
        counts.refused++;
        reasons.add(one.reason.replace(/\d+|"[^"]*"/g, '_'));
      } else {
        counts.read++;
        if (one.findings.length > 1) counts.found++;
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    // Otherwise the changes are too small, or too large, to try anything.
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(NOTEBOOKS / 10);
    expect(reasons.size).toBeGreaterThan(12);
  });

  it(`reads or refuses with a sentence each of ${ZIPS} malformed zip files`, async () => {
    const [{ assignment }] = suites;
    const notebook = fs.readFileSync(path.join(exercises, `${assignment}.ipynb`));
    const facts = { learner: 'ada', lesson: assignment, time: '2026-11-20T10:00:00Z', files: {} };
    const original = zipOf([
      { name: 'hand-in.json', content: Buffer.from(JSON.stringify(facts)) },
      { name: `${assignment}.ipynb`, content: notebook },
    ]);
    const wrong: string[] = [];
    const counts = { read: 0, refused: 0 };
    for (let seed = 0; seed < ZIPS; seed++) {
      const random = new Random(seed);
      const bytes = pick(random, BYTE_CHANGES.slice(0, 4))(random, original);
      const { all: [one], wrong: what } = await tried('x.zip', bytes);
      if (what !== undefined) wrong.push(`seed ${seed}: ${what}`);
      else counts[isUngradable(one) ? 'refused' : 'read']++;
    }
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(counts.refused).toBeGreaterThan(ZIPS / 2);
  });
});
