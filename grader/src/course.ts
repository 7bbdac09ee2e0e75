import * as path from 'node:path';

/** The course's folder: this package lies in it, as source and as what is built. */
export const COURSE = path.resolve(__dirname, '../..');
