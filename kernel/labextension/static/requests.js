// @ts-check

/**
 * Asks the course's library in a kernel, over one of Jupyter's comms. The other side, and the form of the messages:
 * kernel/src/comms.ts.
 *
 * @typedef {{ data: any, buffers: DataView[] }} Reply
 */

export class KernelRequests {
  #comm;
  /** @type {Map<number, { resolve: (reply: Reply) => void, reject: (why: Error) => void }>} */
  #waiting = new Map();
  #count = 0;

  /** @param {any} kernel JupyterLab's connection to a kernel */
  constructor(kernel) {
    this.#comm = kernel.createComm('course');
    this.#comm.onMsg = (/** @type {any} */ message) => {
      const { request, reply, error } = message.content.data;
      const waiting = this.#waiting.get(request);
      this.#waiting.delete(request);
      if (error !== undefined) waiting?.reject(new Error(error));
      else waiting?.resolve({ data: reply, buffers: message.buffers ?? [] });
    };
    // So says a kernel that is not the course's, or was restarted.
    this.#comm.onClose = () => this.#end();
    this.#comm.open();
  }

  /**
   * @param {string} name
   * @param {object} request
   * @returns {Promise<Reply>}
   */
  ask(name, request) {
    return new Promise((resolve, reject) => {
      const number = this.#count += 1;
      this.#waiting.set(number, { resolve, reject });
      // It throws when the kernel is dead.
      this.#comm.send({ request: number, name, ...request });
    });
  }

  /** Nothing is answered any more; what waits is told so. */
  dispose() {
    this.#end();
    try {
      if (!this.#comm.isDisposed) this.#comm.close();
    } catch {
      // The kernel has gone, and the comm with it.
    }
  }

  #end() {
    for (const { reject } of this.#waiting.values()) reject(new Error('The kernel does not answer.'));
    this.#waiting.clear();
  }
}
