import type { Plain } from '@course/lib/exercises';

/** What the runner asks the guest. Each question has an id that nobody can guess, and is sent when the one before is answered. */
export type Question =
  /** Run the cell of an answer. */
  | { readonly ask: 'open'; readonly id: string; readonly source: string; readonly name: string; readonly given: Readonly<Record<string, number>>; readonly tensors: boolean }
  /** Build the model that the function builds which the last one opened. */
  | { readonly ask: 'build'; readonly id: string }
  /** Call the function that the last one opened. */
  | { readonly ask: 'call'; readonly id: string; readonly inputs: readonly Plain[]; readonly tensors: boolean };

/** What has come of a cell. */
export type Opened =
  | { readonly opened: 'function' }
  | { readonly opened: 'value'; readonly value: Plain }
  | { readonly opened: 'unreadable'; readonly error: string }
  | { readonly opened: 'error'; readonly error: string };

/** A model without weights, as JSON of TensorFlow.js. */
export interface Topology {
  readonly topology: string;
  /** JSON of {@link CompiledWith}; absent if it is not compiled. */
  readonly compiled?: string;
}

export interface CompiledWith {
  readonly loss: unknown;
  readonly metrics: unknown;
  readonly optimizer: { readonly className: string; readonly config: Readonly<Record<string, unknown>> };
}

/** What has come of building a model. */
export type Built = ({ readonly built: 'model' } & Topology) | { readonly built: 'nothing'; readonly error: string };

/** What the examiner is asked: our own code alone runs there, on data that nobody trusts. */
export type Examination =
  | ({ readonly ask: 'topology'; readonly id: string } & Topology)
  /** The files that `saveModel` writes, base64; pictures to be asked about are raw pixels, base64. */
  | {
    readonly ask: 'trained'; readonly id: string; readonly files: Readonly<Record<string, string>>;
    readonly pictures: { readonly count: number; readonly shape: readonly number[]; readonly scale: number; readonly pixels: string };
  };

/** What it has found. Facts are plain data; predictions are float32, base64. */
export type Examined =
  | { readonly examined: 'facts'; readonly facts: Plain; readonly predictions?: { readonly shape: readonly number[]; readonly values: string } | { readonly error: string } }
  | { readonly examined: 'nothing'; readonly error: string };
