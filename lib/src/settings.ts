import path from 'node:path';

/**
 * Everything that an environment variable can change about a lesson, read in this one place. (Where the cache is, set-up must know
 * as well: `cache-folder.cjs`.)
 *
 * - `COURSE_DATA`: a folder that already holds the datasets (`mnist/`, `fashion-mnist/`, ...).
 * - `COURSE_OFFLINE=1`: never download.
 * - `COURSE_QUICK=1`: a small part of the data and few epochs, to see in a minute that a notebook runs.
 * - `COURSE_LEARNER`: who does the exercises, unless `setLearner` has said so; on a JupyterHub its `JUPYTERHUB_USER`.
 * - `COURSE_EXERCISES`: another folder than the course's `exercises/`, with checks, progress and hand-ins.
 * - `COURSE_HAND_IN=1`: a notebook runs only to see that it can be handed in: checks keep no state and save no models.
 * - `JPY_SESSION_NAME`: the path of the notebook, as Jupyter tells its kernel.
 */
export interface Settings {
  readonly dataFolder: string | undefined;
  readonly offline: boolean;
  readonly quick: boolean;
  readonly learner: string | undefined;
  readonly exercisesFolder: string;
  readonly isHandIn: boolean;
  readonly notebook: string | undefined;
}

const isOn = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());

/** The settings as the environment has them now. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    dataFolder: env.COURSE_DATA || undefined,
    offline: isOn(env.COURSE_OFFLINE),
    quick: isOn(env.COURSE_QUICK),
    learner: env.COURSE_LEARNER || env.JUPYTERHUB_USER || undefined,
    exercisesFolder: env.COURSE_EXERCISES || path.resolve(__dirname, '../../exercises'),
    isHandIn: isOn(env.COURSE_HAND_IN),
    notebook: env.JPY_SESSION_NAME || undefined,
  };
}
