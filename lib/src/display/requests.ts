/**
 * How a front end asks the library, beside the cells: the course's kernel puts a registry on the global object, and
 * JupyterLab's extension of the course sends it requests (kernel/src/comms.ts).
 */

export interface Reply {
  /** Becomes JSON. */
  data: object;
  /** Sent as they are; they must not change any more. */
  buffers?: Uint8Array[];
}

/** What is asked comes from outside: the handler checks it. What it throws reaches the front end as text. */
export type Handler = (request: Record<string, unknown>) => Promise<Reply>;

interface KernelRequests {
  handle(name: string, handler: Handler): void;
  /** The run of a cell that is under way: `cell` names it if the front end does, `run` differs from run to run. */
  execution(): { run: string; cell: string | undefined } | undefined;
}

/** Undefined outside the course's kernel: nobody can ask there. */
export const kernelRequests = (): KernelRequests | undefined =>
  (globalThis as Record<symbol, unknown>)[Symbol.for('course.requests')] as KernelRequests | undefined;
