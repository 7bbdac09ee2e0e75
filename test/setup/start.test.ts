import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { askedPort, makeTroubleFilter, newLog, opensBrowser } from '../../setup/commands/start.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();

describe('newLog', () => {
  it('names a log by this process, keeps those of other JupyterLabs that run, and removes those that have ended', () => {
    const folder = path.join(newFolder(), 'logs');
    expect(newLog(folder)).toBe(path.join(folder, `jupyter-${process.pid}.log`));
    const ended = spawnSync(process.execPath, ['--version']).pid;
    for (const name of [`jupyter-${ended}.log`, `jupyter-${process.ppid}.log`, 'build.log']) fs.writeFileSync(path.join(folder, name), '');
    newLog(folder);
    expect(fs.readdirSync(folder)).toEqual(['build.log', `jupyter-${process.ppid}.log`]);
  });
});

describe('makeTroubleFilter', () => {
  it('lets warnings, errors and their tracebacks through, but not what asks nothing of a learner', () => {
    const log = [
      '[I 2026-01-01 10:00:00.000 ServerApp] jupyterlab | extension was successfully loaded.',
      '[W 2026-01-01 10:00:00.000 ServerApp] no certificate',
      '[E 2026-01-01 10:00:00.000 ServerApp] Uncaught exception',
      '    Traceback (most recent call last):',
      '    OSError: gone',
      '[C 2026-01-01 10:00:00.000 ServerApp] received signal 15, stopping',
      '    To access the server, open this file in a browser:',
      '[W 2026-01-01 10:00:00.000 ServerApp] The port 8888 is already in use.',
      '[W 2026-01-01 10:00:00.000 ServerApp] Notebook notebooks/01_mnist_mlp.ipynb is not trusted',
      '[W 2026-01-01 10:00:00.000 ServerApp] The websocket_ping_timeout (90000) cannot be longer than the websocket_ping_interval (30000).',
      '    Setting websocket_ping_timeout=30000',
    ];
    expect(log.filter(makeTroubleFilter())).toEqual(log.slice(1, 5));
  });
});

describe('askedPort', () => {
  it("finds the port in JupyterLab's options", () => {
    expect(askedPort([])).toBe(8888);
    expect(askedPort(['--no-browser', '--port', '9000'])).toBe(9000);
    expect(askedPort(['--port=9001'])).toBe(9001);
    expect(askedPort(['--ServerApp.port=9002'])).toBe(9002);
    expect(askedPort(['--port-retries=3'])).toBe(8888);
  });
});

describe('opensBrowser', () => {
  it.runIf(process.platform === 'linux')('needs a screen, and no word against it', () => {
    expect(opensBrowser([], {})).toBe(false);
    expect(opensBrowser([], { DISPLAY: ':0' })).toBe(true);
    expect(opensBrowser([], { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
    expect(opensBrowser([], { WSL_DISTRO_NAME: 'Ubuntu' })).toBe(true);
    expect(opensBrowser(['--no-browser'], { DISPLAY: ':0' })).toBe(false);
    expect(opensBrowser(['--ServerApp.open_browser=False'], { DISPLAY: ':0' })).toBe(false);
  });
});
