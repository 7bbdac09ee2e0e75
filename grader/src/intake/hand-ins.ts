import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ArchiveLimits } from '../../../lib/dist/data/archive';
import { COURSE } from '../course';

/** What `npm run collect` and the grader know of hand-ins alike; it stands in setup/hand-ins.mjs. */
export interface HandIns {
  /** The id of a learner. */
  readonly LEARNER: RegExp;
  /** What systems and Jupyter add to folders. */
  readonly NOISE: RegExp;
  readonly LARGEST_NOTEBOOK: number;
  /** Folders within folders. */
  readonly DEEPEST: number;
  readonly LIMITS: { readonly handIn: ArchiveLimits };
  timeOf(text: string): Date | undefined;
  toldByNames(names: readonly string[], lessons: ReadonlyMap<string, unknown>): {
    /** Said by nbgrader's folders. */
    readonly learner?: string;
    /** Said by an LMS, which knows nobody's id. */
    readonly uploader?: string;
    readonly time?: Date;
  };
}

/** It is an ES module, and this package is not. */
export const handIns = (): Promise<HandIns> =>
  import(pathToFileURL(path.join(COURSE, 'setup', 'hand-ins.mjs')).href) as Promise<HandIns>;
