import {
  createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes, verify as verifyBytes, type KeyObject,
} from 'node:crypto';
import type { Exercise } from '@course/lib/exercises';
import type { Finding } from '../submission';

/** What became of an answer. Only `passed` and what `earned` says are marks; all else explains. */
export type MarkOutcome =
  | 'passed' | 'failed' | 'error' | 'timeout' | 'out of memory' | 'killed' | 'crashed' | 'ungradable' | 'missing' | 'manual';

export interface MarkedCriterion {
  /** Of a hidden criterion only its number: `hidden 1`. */
  readonly name: string;
  readonly hidden: boolean;
  readonly points: number;
  readonly earned: number;
  /** What was found; never anything of a hidden case. */
  readonly note?: string;
}

export interface MarkedExercise {
  readonly id: string;
  readonly title: string;
  readonly kind: Exercise['kind'];
  readonly points: number;
  readonly earned: number;
  readonly outcome: MarkOutcome;
  /** A sentence for the learner. */
  readonly message: string;
  readonly criteria: readonly MarkedCriterion[];
  readonly hint?: string;
  /** The beginning of what the answer has printed. */
  readonly printed?: string;
}

/** The marks of one submission. It holds no time and no place: the same submission, marked again, gives the same bytes. */
export interface Result {
  readonly format: 1;
  readonly assignment: string;
  readonly learner: string;
  /** Hash of what was handed in. */
  readonly submission: string;
  /** Hash of the definitions that it was marked by. */
  readonly suite: string;
  /** Hash of what it ran in: Node.js, packages, the sandbox's settings. */
  readonly environment: string;
  /** Hash of the secret that hidden inputs are drawn from, so that two secrets are told apart. */
  readonly seed: string;
  readonly exercises: readonly MarkedExercise[];
  readonly earned: number;
  /** The most that can be earned, what is marked by hand included. */
  readonly points: number;
  /** Of these, points that are given by hand. */
  readonly manualPoints: number;
  readonly findings: readonly Finding[];
}

/** A result with who vouches for it. */
export interface SignedResult {
  readonly result: Result;
  /** Ed25519 over {@link canonicalJson} of the result, base64. */
  readonly signature: string;
  /** SPKI, base64. */
  readonly publicKey: string;
}

/** JSON with the names of each object in the order of their characters and without white space: one text for one value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each);
}

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** A new key to sign with: PKCS 8, PEM. */
export const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Signs results with a key as {@link newKey} makes it. */
export class Signer {
  private readonly key: KeyObject;
  /** SPKI, base64. */
  readonly publicKey: string;

  constructor(pem: string) {
    this.key = createPrivateKey(pem);
    this.publicKey = createPublicKey(this.key).export({ type: 'spki', format: 'der' }).toString('base64');
  }

  sign(result: Result): SignedResult {
    return { result, signature: signBytes(null, Buffer.from(canonicalJson(result)), this.key).toString('base64'), publicKey: this.publicKey };
  }
}

/**
 * Whether a result is as it was signed.
 *
 * @param publicKey the course's; without it the one that stands beside the result, which shows only that nothing was damaged
 */
export function verify({ result, signature, publicKey }: SignedResult, trusted: string = publicKey): boolean {
  const key = createPublicKey({ key: Buffer.from(trusted, 'base64'), type: 'spki', format: 'der' });
  return verifyBytes(null, Buffer.from(canonicalJson(result)), key, Buffer.from(signature, 'base64'));
}
