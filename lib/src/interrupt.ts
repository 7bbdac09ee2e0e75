/** Work was ended by an interrupt (the stop button in JupyterLab, Ctrl+C in a terminal). */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/**
 * Runs work that ends by itself after an interrupt: it asks `isInterrupted` now and then, where it can stop and leave
 * nothing in pieces. Meanwhile SIGINT does not end the process, and the kernel waits for the work instead of leaving it
 * to run on behind the next cell.
 */
export async function interruptible<T>(work: (isInterrupted: () => boolean) => Promise<T>): Promise<T> {
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt);
  try {
    return await work(() => interrupted);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
