import type * as util from 'node:util';

type Predicate = (value: unknown) => boolean;

/**
 * Gives Node 23 and newer back the two functions of `node:util` that @tensorflow/tfjs-node 4.22 calls
 * (tensorflow/tfjs#8609). It must run before tfjs-node is loaded, patches nothing that is there, and may run twice.
 */
export function polyfill(): void {
  // `require` gives the module itself; an import would give a read-only view of it.
  const target = require('node:util') as typeof util & { isNullOrUndefined?: Predicate; isArray?: Predicate };
  target.isNullOrUndefined ??= (value) => value === null || value === undefined;
  target.isArray ??= Array.isArray;
}
