import { createHmac, timingSafeEqual } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeWhole } from '../../../lib/dist/disk';
import type { Suite } from '../mark/mark';
import { canonicalJson, sha256 } from '../mark/result';
import type { Submission } from '../submission';

/** What producer and workers have to agree on; whoever differs in any of it has another queue. */
export interface Agreed {
  /** Address of Redis: `redis://:password@host:6379`. */
  readonly redis: string;
  readonly queue: string;
  /** The secret of hidden inputs. It never goes through Redis, but all that does is sealed with it. */
  readonly secret: string;
  /** A folder that all hosts have, for submissions that are too large for Redis. */
  readonly shared?: string;
}

/**
 * The queue's name. It tells versions of the course, of Node.js and of the secret apart: a worker that would mark otherwise than the producer
 * expects never sees its jobs.
 */
export const queueNameOf = (suites: readonly Pick<Suite, 'assignment' | 'sha256'>[], environment: string, secret: string): string =>
  `grade-${sha256(canonicalJson([suites.map((suite) => [suite.assignment, suite.sha256]).sort(), environment, sha256(`secret ${secret}`)])).slice(0, 16)}`;

/** What those who share out and those who mark have to have in common, worked out the same way on both sides. */
export function agreedOn(redis: string, suites: readonly Suite[], environment: string, secret: string, shared?: string): Agreed {
  return { redis, queue: queueNameOf(suites, environment, secret), secret, ...(shared !== undefined && { shared: path.resolve(shared) }) };
}

/** A submission as text: files of models in base64. The same submission gives the same text, whenever it was received. */
export function textOf({ receivedAt: _, models, ...rest }: Submission): string {
  const packed = Object.entries(models).map(([id, { files }]) =>
    [id, Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]))]);
  return canonicalJson({ ...rest, models: Object.fromEntries(packed) });
}

/** What {@link textOf} was made of. */
export function submissionOf(text: string): Submission {
  const { models, ...rest } = JSON.parse(text) as Omit<Submission, 'models'> & { models: Record<string, Record<string, string>> };
  const unpacked = Object.entries(models).map(([id, files]) =>
    [id, { files: Object.fromEntries(Object.entries(files).map(([name, base64]) => [name, Uint8Array.from(Buffer.from(base64, 'base64'))])) }]);
  return { ...rest, models: Object.fromEntries(unpacked) };
}

/** A job: what `id` names, sealed, or the hash of a file in the shared folder that holds it. */
export interface Job {
  readonly sealed: string;
}

/** Bytes of a submission that Redis keeps in memory. */
const LARGEST_IN_REDIS = 1e6;

/** The id says all that the marks depend on, so that the same work is there once, whoever asks for it and how often. */
export const jobIdOf = (text: string, queue: string): string => `g-${sha256(`${queue} ${text}`)}`;

/** @throws Error for a submission that is too large where there is no shared folder */
export function packed(id: string, text: string, { secret, shared }: Agreed): Job {
  if (Buffer.byteLength(text) <= LARGEST_IN_REDIS) return { sealed: seal(secret, `job ${id}`, { text }) };
  if (shared === undefined) {
    const size = (Buffer.byteLength(text) / 1e6).toFixed(1);
    throw new Error(`it has ${size} MB, and ${LARGEST_IN_REDIS / 1e6} MB go through Redis: give --shared FOLDER, here and to the workers, that all hosts have.`);
  }
  const file = sha256(text);
  if (!fs.existsSync(path.join(shared, `${file}.json`))) writeWhole(path.join(shared, `${file}.json`), text);
  return { sealed: seal(secret, `job ${id}`, { file }) };
}

/** @throws Error for a job that no producer with this secret has made, and for a file that is missing or damaged */
export function unpacked(id: string, { sealed }: Job, { secret, shared }: Agreed): Submission {
  const { text, file } = unseal(secret, `job ${id}`, sealed) as { text?: string; file?: string };
  if (text !== undefined) return submissionOf(text);
  if (shared === undefined) throw new Error('it lies in the shared folder, and this worker has none: start it with --shared FOLDER.');
  const content = fs.readFileSync(path.join(shared, `${file}.json`), 'utf8');
  if (sha256(content) !== file) throw new Error(`${file}.json in the shared folder is damaged.`);
  return submissionOf(content);
}

/** Takes the file of a large submission away again. */
export function removeFile(text: string, { shared }: Agreed): void {
  if (shared !== undefined && Buffer.byteLength(text) > LARGEST_IN_REDIS) fs.rmSync(path.join(shared, `${sha256(text)}.json`), { force: true });
}

const macOf = (secret: string, purpose: string, text: string): Buffer =>
  createHmac('sha256', secret).update(`queue ${purpose}\n${text}`).digest();

/** A value as text that nobody can make or change without the secret: whoever can write to Redis gives no marks. */
export function seal(secret: string, purpose: string, value: unknown): string {
  const text = canonicalJson(value);
  return `${macOf(secret, purpose, text).toString('base64')} ${text}`;
}

/** @throws Error if it was not sealed with this secret for this purpose */
export function unseal(secret: string, purpose: string, sealed: unknown): unknown {
  const [, mac, text] = /^([A-Za-z0-9+/]{43}=) ([^]*)$/.exec(String(sealed)) ?? [];
  if (text === undefined || !timingSafeEqual(Buffer.from(mac, 'base64'), macOf(secret, purpose, text))) {
    throw new Error('what came through Redis was not written by who has the secret: see who else can reach it.');
  }
  return JSON.parse(text);
}
