/**
 * Everything that an environment variable can change about a lesson, read in this one place. (Where the cache is, set-up must know
 * as well: `cache-folder.cjs`.)
 *
 * - `COURSE_DATA`: a folder that already holds the datasets (`mnist/`, `fashion-mnist/`, ...).
 * - `COURSE_OFFLINE=1`: never download.
 * - `COURSE_QUICK=1`: a small part of the data and few epochs, to see in a minute that a notebook runs.
 */
export interface Settings {
  readonly dataFolder: string | undefined;
  readonly offline: boolean;
  readonly quick: boolean;
}

const isOn = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());

/** The settings as the environment has them now. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    dataFolder: env.COURSE_DATA || undefined,
    offline: isOn(env.COURSE_OFFLINE),
    quick: isOn(env.COURSE_QUICK),
  };
}
