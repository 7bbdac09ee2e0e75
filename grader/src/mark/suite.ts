import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Exercise } from '@course/lib/exercises';
import { COURSE } from '../course';
import type { Suite } from './mark';
import { canonicalJson, sha256 } from './result';

/** Definitions as set-up has built them. */
const DEFINITIONS = path.join(COURSE, 'solutions', 'dist', 'definitions', 'index.js');
/** A hash of each exercise that changes with all that could change a mark. */
const VERSIONS = path.join(COURSE, 'solutions', 'versions.json');

interface Lesson {
  readonly name: string;
  readonly exercises: readonly Exercise[];
}

/** All lessons that have exercises. @throws Error where the definitions are not built */
export function loadSuites(): Suite[] {
  if (!fs.existsSync(DEFINITIONS)) {
    throw new Error(`The definitions of the exercises are not built (${path.relative(COURSE, DEFINITIONS)}): npm run setup builds them.`);
  }
  const { lessons } = require(DEFINITIONS) as { lessons: readonly Lesson[] };
  const versions = JSON.parse(fs.readFileSync(VERSIONS, 'utf8')) as Readonly<Record<string, { hash: string } | undefined>>;
  return lessons.map(({ name, exercises }) => {
    const hashes = exercises.map(({ id, points }) => {
      const version = versions[id];
      if (!version) throw new Error(`Exercise ${id} is not in solutions/versions.json: npm run assign notes it.`);
      return [id, points, version.hash];
    });
    return { assignment: name, exercises, sha256: sha256(canonicalJson([name, hashes])) };
  });
}

/** What marks could depend on besides the definitions: Node.js, the packages, what runs in the sandbox and judges outside of it. */
export function environmentHash(sandbox: string): string {
  const locks = ['package-lock.json', 'grader/package-lock.json'].map((file) => sha256(fs.readFileSync(path.join(COURSE, file))));
  const code = ['lib/dist', 'grader/dist/guest', 'grader/dist/mark', 'grader/dist/sandbox'].flatMap((folder) =>
    fs.readdirSync(path.join(COURSE, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js')).sort()
      .map((name) => [name, sha256(fs.readFileSync(path.join(COURSE, folder, name)))]));
  return sha256(canonicalJson([process.versions.node, process.arch, sandbox, locks, code]));
}
