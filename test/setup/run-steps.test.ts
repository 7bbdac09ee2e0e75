import fs from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../setup/problems.mjs';
import { openProject } from '../../setup/project.mjs';
import { checkWritable, runSteps, type Step } from '../../setup/run-steps.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const quiet = () => new PassThrough() as unknown as NodeJS.WriteStream;

/** A step that notes when it begins and ends. */
function noting(events: string[], name: string, needs: string[] = [], body?: (signal: AbortSignal) => Promise<void>): Step {
  let ready = false;
  return {
    name,
    doing: 'noting',
    needs,
    isReady: () => ready,
    async run({ signal }) {
      events.push(`${name} begins`);
      await (body?.(signal) ?? new Promise((resolve) => setImmediate(resolve)));
      events.push(`${name} ends`);
      ready = true;
    },
  };
}

describe('runSteps', () => {
  it('runs side by side what does not need each other, and the rest in order', async () => {
    const events: string[] = [];
    const steps = [noting(events, 'a'), noting(events, 'b'), noting(events, 'c', ['a', 'b'])];
    expect(await runSteps(openProject(newFolder()), steps, quiet())).toEqual(['a', 'b', 'c']);
    expect(events).toEqual(['a begins', 'b begins', 'a ends', 'b ends', 'c begins', 'c ends']);
  });

  it('runs only what is not ready', async () => {
    const events: string[] = [];
    const steps = [noting(events, 'a'), { ...noting(events, 'b'), isReady: () => true }];
    expect(await runSteps(openProject(newFolder()), steps, quiet())).toEqual(['a']);
  });

  it('stops the other steps when one fails, starts no more, and tells about the one that failed', async () => {
    const events: string[] = [];
    const fails = () => Promise.reject(new Error('ENOSPC: no space left on device'));
    const waits = (signal: AbortSignal) => new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped')));
    });
    const steps = [noting(events, 'long', [], waits), noting(events, 'bad', [], fails), noting(events, 'next', ['bad'])];
    const error = await runSteps(openProject(newFolder()), steps, quiet()).catch((e) => e);
    expect(error).toBeInstanceOf(Problem);
    expect(error.message).toContain('bad: the disk is full');
    expect(events).toEqual(['long begins', 'bad begins']);
  });

  it('does not take the word of a step that made nothing', async () => {
    const step: Step = { name: 'a', doing: 'nothing', needs: [], isReady: () => false, run: async () => {} };
    await expect(runSteps(openProject(newFolder()), [step], quiet())).rejects.toThrow('what it makes is not there');
  });

  it('looks for space on the disk before it begins', async () => {
    const events: string[] = [];
    const root = newFolder();
    const step = { ...noting(events, 'huge'), disk: { folder: `${root}/not/yet/there`, bytes: 1e18 } };
    await expect(runSteps(openProject(root), [step], quiet())).rejects.toThrow(/needs about 1000000000\.0 GB on the disk of .*, but only/);
    expect(events).toEqual([]);
  });
});

describe('checkWritable', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** As if one folder were read-only: for root, who may run the tests, none is by its permissions. */
  function forbid(folder: string) {
    vi.spyOn(fs, 'accessSync').mockImplementation((file) => {
      if (file === folder) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    });
  }

  it.each(['root', 'state', 'jupyter'] as const)('names the folder (%s) that may not be written', (name) => {
    const project = openProject(newFolder());
    for (const folder of [project.state, project.jupyter]) fs.mkdirSync(folder);
    expect(() => checkWritable(project)).not.toThrow();
    forbid(project[name]);
    expect(() => checkWritable(project)).toThrow(`but ${project[name]} may not be written by this user`);
  });

  it('is asked before the commands start, also when all steps are ready', async () => {
    const project = openProject(newFolder());
    forbid(project.root);
    const ready = { ...noting([], 'a'), isReady: () => true };
    await expect(runSteps(project, [ready], quiet())).rejects.toThrow('may not be written by this user');
  });
});
