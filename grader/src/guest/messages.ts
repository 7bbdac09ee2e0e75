import type { Plain } from '@course/lib/exercises';

/** What the runner asks the guest. Each question has an id that nobody can guess, and is sent when the one before is answered. */
export type Question =
  /** Run the cell of an answer. */
  | { readonly ask: 'open'; readonly id: string; readonly source: string; readonly name: string; readonly given: Readonly<Record<string, number>>; readonly tensors: boolean }
  /** Call the function that the last one opened. */
  | { readonly ask: 'call'; readonly id: string; readonly inputs: readonly Plain[]; readonly tensors: boolean; readonly timeLimit: number };

/** What has come of a cell. */
export type Opened =
  | { readonly opened: 'function' }
  | { readonly opened: 'value'; readonly value: Plain }
  | { readonly opened: 'unreadable'; readonly error: string }
  | { readonly opened: 'error'; readonly error: string };
