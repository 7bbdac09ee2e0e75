// @ts-check

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { STAMP, hashOfFile, hashOfTree, removeStamp, stampMatches, writeStamp, writeWhole } from '../stamp.mjs';

/** Where JupyterLab opens: on the first notebook, with the file browser at the course's root and not in notebooks/. */
export const START_PAGE = '/lab/tree/notebooks/00_start_here.ipynb?file-browser-path=/';

const { KERNEL_NAME, kernelspec } = createRequire(import.meta.url)('../../kernel/kernelspec.cjs');

/**
 * What Jupyter is told about the course, all of it inside .venv: the kernel, the settings, and the extension that shows the
 * course's figures and its dataset explorer.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {import('../run-steps.mjs').Step}
 */
export function jupyterStep({ root, venv, nodeModules }) {
  const share = path.join(venv, 'share', 'jupyter');
  const stamp = path.join(share, STAMP);
  const extension = path.join(root, 'kernel', 'labextension');
  const plotly = path.join(nodeModules, 'plotly.js-dist', 'plotly.js');
  const inputs = () => ({
    node: process.execPath, // With a version manager it changes, and the old one may be gone.
    project: root,
    kernelspec: kernelspec(process.execPath),
    extension: hashOfTree([extension]),
    plotly: hashOfTree([path.join(nodeModules, 'plotly.js-dist', 'package.json')]),
    settings: hashOfFile(fileURLToPath(import.meta.url)),
  });
  const writeJson = (/** @type {string} */ file, /** @type {unknown} */ value) =>
    writeWhole(path.join(venv, file), `${JSON.stringify(value, null, 2)}\n`);

  return {
    name: 'Jupyter',
    doing: 'registering the kernel',
    needs: ['npm packages', 'Python packages'],
    isReady: () => stampMatches(stamp, inputs()),
    async run() {
      removeStamp(stamp);
      fs.rmSync(path.join(share, 'kernels'), { recursive: true, force: true }); // ipykernel has brought a Python kernel.
      writeJson(`share/jupyter/kernels/${KERNEL_NAME}/kernel.json`, kernelspec(process.execPath));
      writeJson('etc/jupyter/jupyter_server_config.json', SERVER_SETTINGS);
      writeJson('etc/jupyter/labconfig/page_config.json', {
        // nbgrader is there for instructors, whose settings in solutions/nbgrader/ say otherwise.
        disabledExtensions: { '@jupyterlab/extensionmanager-extension': true, '@jupyter/nbgrader': true },
      });
      writeJson('share/jupyter/lab/settings/overrides.json', LAB_SETTINGS);

      // With what an earlier version of the course called otherwise.
      fs.rmSync(path.join(share, 'labextensions', '@course'), { recursive: true, force: true });
      const target = path.join(share, 'labextensions', '@course', 'jupyterlab');
      if (fs.existsSync(extension)) {
        fs.cpSync(extension, target, { recursive: true });
        linkOrCopy(plotly, path.join(target, 'static', 'plotly.js'));
      }
      writeStamp(stamp, inputs());
    },
  };
}

const SERVER_SETTINGS = {
  KernelSpecManager: { allowed_kernelspecs: [KERNEL_NAME], ensure_native_kernel: false },
  MappingKernelManager: { default_kernel_name: KERNEL_NAME },
  LabApp: {
    default_url: START_PAGE,
    extension_manager: 'readonly',
    news_url: null,
    check_for_updates_class: 'jupyterlab.NeverCheckForUpdate',
  },
};

const LAB_SETTINGS = {
  '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false },
  // All cells are on the page, not only those in view: figures are drawn once, and the browser's search finds everything.
  '@jupyterlab/notebook-extension:tracker': { windowingMode: 'none' },
};

/**
 * @param {string} from
 * @param {string} to
 */
function linkOrCopy(from, to) {
  try {
    fs.linkSync(from, to);
  } catch {
    fs.copyFileSync(from, to); // Not every file system has hard links.
  }
}
