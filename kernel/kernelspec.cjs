// @ts-check
'use strict';

// Plain JavaScript, because set-up needs it before anything is built.

const path = require('node:path');

/** The name under which notebooks ask for the kernel. */
const KERNEL_NAME = 'tslab';

/**
 * What Jupyter reads from `kernels/tslab/kernel.json`.
 * Interrupts come as messages and not as signals: see kernel/src/control.ts.
 *
 * @param {string} node the absolute path of the Node.js that is to run the kernel
 */
function kernelspec(node) {
  return {
    argv: [node, path.join(__dirname, 'dist', 'main.js'), '{connection_file}'],
    display_name: 'TypeScript',
    language: 'typescript',
    interrupt_mode: 'message',
    metadata: { debugger: false },
  };
}

module.exports = { KERNEL_NAME, kernelspec };
