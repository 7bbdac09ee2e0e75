import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { KERNEL_NAME, kernelspec } from '../../kernel/kernelspec.cjs';

/** A folder in which Jupyter finds the course's kernel, for tests that must not depend on where set-up has put it. */
export interface TestKernelspec {
  /** The environment that makes Jupyter look there, and nowhere in the user's own folders. */
  env: NodeJS.ProcessEnv;
  remove(): void;
}

/** Registers the built kernel in a temporary folder; `node` is the Node.js that runs it. */
export function makeKernelspec(node: string = process.execPath): TestKernelspec {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kernelspec-'));
  const kernel = path.join(folder, 'kernels', KERNEL_NAME);
  fs.mkdirSync(kernel, { recursive: true });
  fs.writeFileSync(path.join(kernel, 'kernel.json'), JSON.stringify(kernelspec(node)));
  const inside = (name: string) => path.join(folder, name);
  return {
    env: { JUPYTER_PATH: folder, JUPYTER_DATA_DIR: inside('data'), JUPYTER_RUNTIME_DIR: inside('runtime'), JUPYTER_CONFIG_DIR: inside('config') },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
