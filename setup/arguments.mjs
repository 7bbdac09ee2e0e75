// @ts-check

import { parseArgs } from 'node:util';
import { Problem } from './problems.mjs';

/**
 * The arguments of a command as `parseArgs` reads them; `--help` and `-h` are among the options of each.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} O
 * @param {string[]} args
 * @param {O} options
 * @param {string} usage what the advice shows
 * @param {boolean} [allowPositionals]
 * @throws {Problem} that names the argument that is not known
 */
export function parseOptions(args, options, usage, allowPositionals = true) {
  try {
    const help = /** @type {const} */ ({ type: 'boolean', short: 'h', default: false });
    return parseArgs({ args, allowPositionals, options: { ...options, help } });
  } catch (error) {
    throw new Problem(`${/** @type {Error} */ (error).message.split('. ')[0]}.`, adviceOf(usage));
  }
}

/** What to do about arguments that cannot be used. */
export const adviceOf = (/** @type {string} */ usage) => `use it so: ${usage}`;
