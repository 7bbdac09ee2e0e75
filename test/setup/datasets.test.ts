import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import datasets, { carryOut, parseArguments } from '../../setup/commands/datasets.mjs';
import { openProject } from '../../setup/project.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const said = vi.spyOn(console, 'log').mockImplementation(() => {});
const progress = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
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
    const { exitCode, output } = await run({ COURSE_CACHE: newFolder(), COURSE_DATA: '/no/such/folder' });
    expect(exitCode).toBe(1);
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
  });

  /** `$COURSE_DATA/cats-vs-dogs` with a picture and a text in each class. */
  async function fillData(): Promise<string> {
    const data = newFolder();
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).png().toBuffer();
    for (const name of ['cats', 'dogs']) {
      const folder = path.join(data, 'cats-vs-dogs', 'train', name);
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, '1.png'), png);
      fs.writeFileSync(path.join(folder, '2.png'), 'bad');
    }
    return data;
  }

  it('verifies the pictures of a folder of the user: a note on those that are skipped, a problem without any', async () => {
    const env = { COURSE_CACHE: newFolder(), COURSE_DATA: await fillData() };
    const { exitCode, output } = await run(env, 'verify');
    expect(exitCode).toBe(0);
    expect(output).toContain(
      'cats-vs-dogs: all classes are there, and the pictures were decoded. ' +
        'Not as published: train/cats: 2 pictures, expected 1,000;',
    );
    expect(output).toMatch(
      /^ {2}note .* 2 files are skipped: train\/cats\/2\.png \(not a picture\), train\/dogs\/2\.png \(not a picture\)\.$/m,
    );
    fs.writeFileSync(path.join(env.COURSE_DATA, 'cats-vs-dogs/train/cats/1.png'), 'bad');
    const verified = await run(env, 'verify');
    expect(verified.exitCode).toBe(1);
    expect(verified.output).toMatch(/^ {2}problem .* none of the 2 files of the class "cats" is a picture/m);
  });

  it('says what else of a dataset is kept, such as stand-ins that are not used now', async () => {
    const cache = newFolder();
    const drawn = path.join(cache, 'datasets', 'drawn-cats-vs-dogs-v1');
    fs.mkdirSync(drawn, { recursive: true });
    fs.writeFileSync(path.join(drawn, 'x'), Buffer.alloc(3_000_000));
    const env = { COURSE_CACHE: cache, COURSE_DATA: await fillData() };
    expect((await run(env)).output).toContain(`(also kept: ${drawn}, 3 MB)`);
    const statuses = JSON.parse((await run(env, '--json')).output);
    expect(statuses[2].keptElsewhere).toEqual([{ folder: drawn, bytes: 3_000_000 }]);
  });

  it('says nothing of how far it is where there is nothing to wait for', async () => {
    progress.mockClear();
    await run({ COURSE_CACHE: newFolder() }, 'fetch');
    expect(progress).not.toHaveBeenCalled();
  });

  it('removes what the course keeps, with the decoded pictures, and not the data of the user', async () => {
    const [cache, data] = [newFolder(), await fillData()];
    for (const name of ['datasets/mnist', 'datasets/cats-vs-dogs'])
      fs.mkdirSync(path.join(cache, name), { recursive: true });
    fs.mkdirSync(path.join(data, 'mnist'));
    await run({ COURSE_CACHE: cache, COURSE_DATA: data }, 'verify', 'cats-vs-dogs');
    fs.writeFileSync(path.join(cache, 'pixels', 'of-another.pixels'), '');
    fs.writeFileSync(path.join(cache, 'datasets', 'mnist', 'x'), Buffer.alloc(2_000_000));
    const { exitCode, output } = await run({ COURSE_CACHE: cache, COURSE_DATA: data }, 'remove', 'mnist');
    expect(exitCode).toBe(0);
    expect(output).toBe(`  ok       mnist  Removed ${path.join(cache, 'datasets', 'mnist')} (2 MB).`);
    expect(fs.readdirSync(cache)).toEqual(['datasets', 'pixels']);
    expect(fs.readdirSync(path.join(cache, 'pixels'))).toHaveLength(2);
    const all = await run({ COURSE_CACHE: cache, COURSE_DATA: data }, 'remove');
    expect(all.output).toContain('Removed its decoded pictures (0 MB).');
    expect(fs.readdirSync(path.join(cache, 'pixels'))).toEqual(['of-another.pixels']);
    expect(fs.readdirSync(path.join(cache, 'datasets'))).toEqual([]);
    expect(fs.readdirSync(data).sort()).toEqual(['cats-vs-dogs', 'mnist']);
  });

  it('tells how it is used', async () => {
    expect(parseArguments(['--help']).help).toBe(true);
    expect(await datasets(openProject(path.resolve(__dirname, '../..'), {}), ['-h'])).toBe(0);
    expect(said.mock.calls.flat().join()).toMatch(/^npm run datasets .*\n\n.*lists the datasets/);
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
