type Unbreakable = <T>(work: () => T) => T;

/**
 * Runs work of TensorFlow that must come to its end: broken off in the middle it would leave scopes open, or a model that believes
 * to be in training. The kernel puts a function in place that holds its forced breaks back meanwhile, until the promise is settled
 * where the work is asynchronous; elsewhere nothing breaks by force.
 */
export function unbreakable<T>(work: () => T): T {
  const hook = (globalThis as Record<symbol, unknown>)[Symbol.for('course.unbreakable')] as Unbreakable | undefined;
  return hook ? hook(work) : work();
}
