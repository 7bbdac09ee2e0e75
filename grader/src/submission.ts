/**
 * What a learner has handed in, as far as it counts: the answers by exercise. Names, points and types come from the course's own
 * definitions, never from the submission.
 */

/** Something about a submission that a person should know; never a verdict. */
export interface Finding {
  readonly kind:
    | 'missing cell' | 'double cell' | 'changed cell' | 'moved cell' | 'unknown cell' | 'no hand-in' | 'other learner' | 'other lesson' | 'bad file'
    | 'unread model';
  /** The exercise or the cell, where it is about one. */
  readonly where?: string;
  /** A sentence: what was found, and what is done about it. */
  readonly sentence: string;
}

/** A trained model as it was handed in: names of its files with their content, not read yet. */
export interface HandedInModel {
  readonly files: Readonly<Record<string, Uint8Array>>;
}

export interface Submission {
  /** `[A-Za-z0-9._-]{1,64}`. */
  readonly learner: string;
  /** The lesson: `03_fashion_mnist_cnn`. */
  readonly assignment: string;
  /** Of what counts: answers, texts and models, in a fixed order. The same answers have the same one. */
  readonly sha256: string;
  /** ISO 8601, where it is known. */
  readonly receivedAt?: string;
  /** The source of each answer's cell, by the exercise's id. */
  readonly answers: Readonly<Record<string, string>>;
  /** The Markdown of exercises that are marked by hand. */
  readonly texts: Readonly<Record<string, string>>;
  readonly models: Readonly<Record<string, HandedInModel>>;
  readonly findings: readonly Finding[];
}

/** What was handed in and cannot be marked at all. */
export interface Ungradable {
  /** `unknown-...` where nobody can tell whose it is. */
  readonly learner: string;
  /** `unknown` where nobody can tell of what it is. */
  readonly assignment: string;
  /** A sentence: what was got, what is expected, what to do. */
  readonly reason: string;
}

export const isUngradable = (read: Submission | Ungradable): read is Ungradable => 'reason' in read;
