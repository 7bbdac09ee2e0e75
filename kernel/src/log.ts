import * as fs from 'node:fs';
import { format } from 'node:util';

/** Writes to the kernel's own standard error, which Jupyter puts into its log; `console` writes to the notebook. */
export function log(...values: unknown[]): void {
  fs.writeSync(2, `${format(...values)}\n`);
}
