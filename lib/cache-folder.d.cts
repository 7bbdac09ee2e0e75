/** The folder that keeps what is downloaded or built once per user; see `cache-folder.cjs`. */
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
