import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { explain } from '../../setup/problems.mjs';
import { run } from '../../setup/processes.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const node = (script: string) => [process.execPath, ['-e', script]] as [string, string[]];

describe('run', () => {
  it('writes all that the program says to the log, and resolves with its stdout', async () => {
    const log = path.join(newFolder(), 'logs', 'a.log');
    expect(await run(...node("console.error('hush'); console.log('said')"), { log })).toBe('said\n');
    expect(fs.readFileSync(log, 'utf8')).toMatch(/hush\n/);
    expect(fs.readFileSync(log, 'utf8')).toMatch(/said\n/);
  });

  it('writes nothing without a log, and still tells the last lines of a failure', async () => {
    const folder = newFolder();
    expect(await run(...node("console.log('said')"), { cwd: folder })).toBe('said\n');
    const error = await run(...node("console.error('broken'); process.exit(3)"), { cwd: folder }).catch((e) => e);
    expect(error).toMatchObject({ lastLines: ['broken'], log: undefined });
    expect(explain('A step', error)).toMatchObject({ message: expect.stringMatching(/exit code 3\. It says:\n +broken$/) });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});
