import type { Readable, Writable } from 'node:stream';

/** What a sandboxed process may use. Each of them is enforced, or the back end refuses to start. */
export interface Limits {
  /** Bytes of memory that it may write to. */
  readonly memoryBytes: number;
  /** Seconds on a processor, all threads together. */
  readonly cpuSeconds: number;
  /** Bytes of output that are kept; what comes beyond is thrown away, and twenty times as much ends the process. */
  readonly outputBytes: number;
}

/** Without TensorFlow.js a process needs a tenth of this. */
export const LIMITS: Limits = { memoryBytes: 512e6, cpuSeconds: 60, outputBytes: 64_000 };
export const TENSOR_LIMITS: Limits = { memoryBytes: 2e9, cpuSeconds: 300, outputBytes: 64_000 };

export interface SandboxRequest {
  /** The script that Node.js runs in it: a path relative to the course's folder. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Files and folders of the course that it sees, read-only and at the same places: paths relative to the course's folder. */
  readonly sees: readonly string[];
  /** Whether TensorFlow's own library is to be seen too. */
  readonly tensors?: boolean;
  /** Bytes of memory at /scratch that it may write files to; none without it. */
  readonly scratchBytes?: number;
  readonly limits: Limits;
}

/** How a process has ended. Nothing of it is a verdict. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process in the sandbox: its input, and what it sends. What it prints is kept up to a limit. */
export interface SandboxProcess {
  readonly input: Writable;
  readonly answers: Readable;
  /** What it has printed so far (standard error; its standard output carries the answers). */
  printed(): string;
  /** Whether what it prints is there before the answer that follows it, so that one can tell what has printed it. */
  readonly printsInOrder: boolean;
  readonly ended: Promise<Ending>;
  /** Ends it and all that it has started, at once. */
  kill(): void;
}

/** One way to run a process that nobody trusts. */
export interface Sandbox {
  readonly name: string;
  /** What is missing on this machine, each with what to do; empty if all limits can be enforced. */
  problems(): Promise<string[]>;
  start(request: SandboxRequest): SandboxProcess;
}
