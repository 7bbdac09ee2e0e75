import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { carryOut, parseArguments } from '../../setup/commands/datasets.mjs';
import { openProject } from '../../setup/project.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const said = vi.spyOn(console, 'log').mockImplementation(() => {});
vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
afterEach(() => {
  said.mockClear();
  vi.unstubAllEnvs();
});

/** Runs the command, without set-up, and returns its exit code and what it printed. */
async function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ exitCode: number; output: string }> {
  vi.stubEnv('COURSE_CACHE', env.COURSE_CACHE);
  const project = openProject(path.resolve(__dirname, '../..'), { COURSE_OFFLINE: '1', ...env });
  const exitCode = await carryOut(project, parseArguments(args));
  const output = said.mock.calls.flat().join('\n');
  said.mockClear();
  return { exitCode, output };
}

describe('npm run datasets', () => {
  it('lists each dataset with its size, its licence and where it comes from', async () => {
    const { exitCode, output } = await run({ COURSE_CACHE: newFolder(), COURSE_OFFLINE: '' });
    expect(exitCode).toBe(0);
    expect(output).toContain('  ok       mnist          MNIST · 12 MB to download · licence: CC BY-SA 3.0\n');
    expect(output).toContain('  ok       fashion-mnist  Fashion-MNIST · 31 MB to download · licence: MIT\n');
    expect(output).toContain('  ok       cats-vs-dogs   Cats and dogs · 69 MB to download');
    expect(output).toContain('(not from a folder: COURSE_DATA is not set)');
  });

  it('lists them as JSON', async () => {
    const { output } = await run({ COURSE_CACHE: newFolder() }, '--json');
    const [mnist] = JSON.parse(output);
    expect(mnist).toMatchObject({
      name: 'mnist',
      title: 'MNIST',
      kind: 'idx',
      bytesOnDisk: 0,
      downloadSize: 11_594_722,
      source: { kind: 'drawn' },
    });
  });

  it('shows a problem beside the name, and the others too', async () => {
    const { output } = await run({ COURSE_CACHE: newFolder(), COURSE_DATA: '/no/such/folder' });
    expect(
      output.match(
        /problem {2}(mnist|fashion-mnist|cats-vs-dogs) .*\n.*COURSE_DATA: got \/no\/such\/folder, which does not exist/g,
      ),
    ).toHaveLength(3);
  });

  it('ends with 1 if something that was asked for failed', async () => {
    const cache = newFolder();
    const fetched = await run({ COURSE_CACHE: cache }, 'fetch', 'mnist');
    expect(fetched.exitCode).toBe(1);
    expect(fetched.output).toMatch(/problem {2}mnist {2}MNIST is not to be had: .*COURSE_OFFLINE is set/);
    const verified = await run({ COURSE_CACHE: cache }, 'verify', 'mnist');
    expect(verified).toEqual({ exitCode: 1, output: '  problem  mnist  It is not on this machine.' });
  });

  it('verifies all that there is, and that is no failure if it is nothing', async () => {
    expect(await run({ COURSE_CACHE: newFolder() }, 'verify')).toEqual({
      exitCode: 0,
      output: 'There is nothing to do.',
    });
    const data = newFolder();
    for (const name of ['cats', 'dogs'])
      fs.mkdirSync(path.join(data, 'cats-vs-dogs', 'train', name), { recursive: true });
    const { exitCode, output } = await run({ COURSE_CACHE: newFolder(), COURSE_DATA: data }, 'verify');
    expect(exitCode).toBe(0);
    expect(output).toContain(
      'cats-vs-dogs: all classes are there. Not as published: train/cats: 0 pictures, expected 1,000;',
    );
  });

  it('removes what the course keeps, with the decoded pictures, and not the data of the user', async () => {
    const [cache, data] = [newFolder(), newFolder()];
    for (const name of ['datasets/mnist', 'datasets/cats-vs-dogs', 'pixels'])
      fs.mkdirSync(path.join(cache, name), { recursive: true });
    fs.mkdirSync(path.join(data, 'mnist'));
    fs.writeFileSync(path.join(cache, 'datasets', 'mnist', 'x'), Buffer.alloc(2_000_000));
    const { exitCode, output } = await run({ COURSE_CACHE: cache, COURSE_DATA: data }, 'remove', 'mnist');
    expect(exitCode).toBe(0);
    expect(output).toBe(`  ok       mnist  Removed ${path.join(cache, 'datasets', 'mnist')} (2 MB).`);
    expect(fs.readdirSync(cache)).toEqual(['datasets', 'pixels']);
    await run({ COURSE_CACHE: cache, COURSE_DATA: data }, 'remove');
    expect(fs.readdirSync(cache)).toEqual(['datasets']);
    expect(fs.readdirSync(path.join(cache, 'datasets'))).toEqual([]);
    expect(fs.readdirSync(data)).toEqual(['mnist']);
  });

  it('refuses names that it does not know, before it does anything', async () => {
    await expect(run({ COURSE_CACHE: newFolder() }, 'remove', 'mnits')).rejects.toThrow(
      'There is no dataset "mnits"; expected one of: mnist, fashion-mnist, cats-vs-dogs.',
    );
    expect(() => parseArguments(['delete'])).toThrow(
      'Unknown action "delete"; expected one of: fetch, verify, remove.',
    );
    expect(() => parseArguments(['--jsn'])).toThrow("Unknown option '--jsn'.");
  });
});
