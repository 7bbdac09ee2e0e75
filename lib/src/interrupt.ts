/** Work was ended by an interrupt (the stop button in JupyterLab, Ctrl+C in a terminal). */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/**
 * Runs work that ends by itself after an interrupt: it asks `isInterrupted` now and then, where it can stop and leave
 * nothing in pieces; `signal` ends what would wait for others, with an {@link Interrupted} of the given message.
 * Meanwhile SIGINT does not end the process, and the kernel waits for the work instead of leaving it to run on behind
 * the next cell.
 */
export async function interruptible<T>(
  work: (isInterrupted: () => boolean, signal: AbortSignal) => Promise<T>,
  message = 'The work was interrupted.',
): Promise<T> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new Interrupted(message));
  process.on('SIGINT', interrupt);
  try {
    return await work(() => abort.signal.aborted, abort.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
