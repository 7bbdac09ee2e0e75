import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelspec } from '../../kernel/kernelspec.cjs';
import { jupyterEnvironment } from '../../setup/jupyter-environment.mjs';
import { openProject } from '../../setup/project.mjs';
import { jupyterStep } from '../../setup/steps/jupyter.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();

describe('jupyterEnvironment', () => {
  const project = openProject('/course', { HOME: '/home/me', COURSE_DATA: '/data', JUPYTER_PATH: '/mine', JUPYTER_CONFIG_PATH: '/mine' });
  const env = jupyterEnvironment(project);

  it("keeps everything of Jupyter's inside the project", () => {
    const folders = Object.entries(env).filter(([name]) => /^(JUPYTER.*_DIR|IPYTHONDIR)$/.test(name));
    expect(folders).toHaveLength(6);
    for (const [name, folder] of folders) expect(folder, name).toMatch(/^\/course\/\.jupyter\//);
    expect(env.JUPYTER_PREFER_ENV_PATH).toBe('1');
  });

  it("keeps the user's own Jupyter out, and the course's variables in", () => {
    expect(env).not.toHaveProperty('JUPYTER_PATH');
    expect(env).not.toHaveProperty('JUPYTER_CONFIG_PATH');
    expect(env).toMatchObject({ HOME: '/home/me', COURSE_DATA: '/data' });
  });
});

describe('the Jupyter step', () => {
  const newProject = () => {
    const root = newFolder();
    const write = (file: string, text: string) => {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    };
    write('node_modules/plotly.js-dist/plotly.js', 'plotly');
    write('node_modules/plotly.js-dist/package.json', '{"version": "4.1.1"}');
    write('kernel/labextension/package.json', '{}');
    write('kernel/labextension/static/figures.js', 'figures');
    write('.venv/share/jupyter/kernels/python3/kernel.json', '{}');
    return { project: openProject(root, {}), write };
  };
  const context = { report: () => {}, signal: new AbortController().signal, log: '' };
  const readJson = (...parts: string[]) => JSON.parse(fs.readFileSync(path.join(...parts), 'utf8'));

  it('registers our kernel, with absolute paths, as the only one', async () => {
    const { project } = newProject();
    const step = jupyterStep(project);
    expect(step.isReady()).toBe(false);
    await step.run(context);
    expect(step.isReady()).toBe(true);
    const kernels = path.join(project.venv, 'share', 'jupyter', 'kernels');
    expect(fs.readdirSync(kernels)).toEqual(['tslab']);
    const written = readJson(kernels, 'tslab', 'kernel.json');
    expect(written).toEqual(kernelspec(process.execPath));
    expect(written.argv.slice(0, 2).every((part: string) => path.isAbsolute(part))).toBe(true);
    expect(readJson(project.venv, 'etc', 'jupyter', 'jupyter_server_config.json').KernelSpecManager.allowed_kernelspecs).toEqual(['tslab']);
  });

  it("shows learners nothing of nbgrader's, should it be installed", async () => {
    const { project } = newProject();
    await jupyterStep(project).run(context);
    expect(readJson(project.venv, 'etc', 'jupyter', 'labconfig', 'page_config.json').disabledExtensions).toMatchObject({ '@jupyter/nbgrader': true });
  });

  it('brings our extension with plotly.js beside it, and brings it anew when it changes', async () => {
    const { project, write } = newProject();
    const step = jupyterStep(project);
    await step.run(context);
    const extension = path.join(project.venv, 'share', 'jupyter', 'labextensions', '@course', 'jupyterlab');
    expect(fs.readFileSync(path.join(extension, 'static', 'plotly.js'), 'utf8')).toBe('plotly');
    write('kernel/labextension/static/figures.js', 'better figures');
    expect(step.isReady()).toBe(false);
    await step.run(context);
    expect(fs.readFileSync(path.join(extension, 'static', 'figures.js'), 'utf8')).toBe('better figures');
  });

  it('is not ready, and does not fail, while node_modules is half there', () => {
    const { project } = newProject();
    fs.rmSync(path.join(project.nodeModules, 'plotly.js-dist', 'package.json'));
    expect(jupyterStep(project).isReady()).toBe(false);
  });

  it('registers the kernel again when the path of Node changes', async () => {
    const { project } = newProject();
    const step = jupyterStep(project);
    await step.run(context);
    const real = process.execPath;
    process.execPath = '/another/node';
    try {
      expect(step.isReady()).toBe(false);
    } finally {
      process.execPath = real;
    }
    expect(step.isReady()).toBe(true);
  });
});
