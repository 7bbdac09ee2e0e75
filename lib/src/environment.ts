import os from 'node:os';
import { inspect } from 'node:util';
import { nativeTensorFlowVersion, tf } from './tensorflow';

/** What a lesson runs on. Printed, it is a short list. */
export class Environment {
  constructor(
    /** Version of Node, for example `20.20.2`. */
    readonly node: string,
    /** Version of TensorFlow.js, the library that notebooks call. */
    readonly tensorFlowJs: string,
    /** Version of the native TensorFlow library that computes. */
    readonly tensorFlow: string,
    readonly platform: string,
    /** Cores that this process may use. */
    readonly cores: number,
    /** Memory of the machine, in bytes. */
    readonly memoryBytes: number,
  ) {}

  toString(): string {
    const gigabytes = (this.memoryBytes / 1e9).toFixed(1);
    return [
      `Node.js         ${this.node}`,
      `TensorFlow.js   ${this.tensorFlowJs}, computing with TensorFlow ${this.tensorFlow}`,
      `This machine    ${this.platform}, ${this.cores} ${this.cores === 1 ? 'core' : 'cores'}, ${gigabytes} GB of memory`,
    ].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * The versions and the machine that a lesson runs on: say them when you ask for help.
 *
 * Taught in 00_start_here.
 */
export function environment(): Environment {
  return new Environment(
    process.versions.node,
    tf.version.tfjs,
    nativeTensorFlowVersion(),
    `${process.platform} ${process.arch}`,
    os.availableParallelism(),
    os.totalmem(),
  );
}
