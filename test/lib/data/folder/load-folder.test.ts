import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadImageFolder, openImageFolder } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support';
import { writeFolder } from './support';

interface Shown {
  data: Record<string, string>;
  update?: boolean;
}

describe('loadImageFolder', () => {
  const shown: Shown[] = [];
  const display = Symbol.for('course.display');
  let folder: string;
  beforeEach(async () => {
    vi.stubEnv('COURSE_CACHE', temporaryFolder());
    shown.length = 0;
    (globalThis as Record<symbol, unknown>)[display] = (output: Shown) => shown.push(output);
    folder = path.join(temporaryFolder(), 'pets <1>');
    await writeFolder(folder, { cat: 3, dog: 2 });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    delete (globalThis as Record<symbol, unknown>)[display];
  });

  it('shows how far it is, and then what was found', async () => {
    let seconds = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => 1000 * seconds++);
    const pets = await loadImageFolder(folder, { size: [4, 4] });
    now.mockRestore();
    expect(shown[0].data['text/plain']).toMatch(/^Decoding pictures · 5 images of 5 images/);
    const last = shown.at(-1)!.data;
    expect(last['text/plain']).toBe(String(pets));
    expect(last['text/html']).toContain('pets &#60;1&#62;: 5 training pictures');
    expect(last['text/html']).not.toContain('<details>');
  });

  it('shows what was found alone where that is quick', async () => {
    const pets = await loadImageFolder(folder, { size: [4, 4] });
    expect(shown.map(({ data }) => data['text/plain'])).toEqual([String(pets)]);
  });

  it('lists skipped files by reason, at most 20 of one', async () => {
    for (let i = 0; i < 25; i++) writeFileSync(path.join(folder, 'cat', `bad & ${String(i).padStart(2, '0')}.png`), '');
    writeFileSync(path.join(folder, 'notes.txt'), '');
    await loadImageFolder(folder, { size: [4, 4] });
    const html = shown.at(-1)!.data['text/html'];
    expect(html).toContain('<summary>26 files were skipped</summary>');
    expect(html).toContain('<p>25 × empty file</p>');
    expect(html).toContain('<code>cat/bad &#38; 19.png</code>');
    expect(html).not.toContain('bad &#38; 20.png');
    expect(html).toContain('<li>and 5 more</li>');
    expect(html).toContain('<p>1 × not in a class</p><ul><li><code>notes.txt</code></li></ul>');
  });

  it('passes on an error of onProgress, and leaves nothing half-written behind', async () => {
    const onProgress = (): void => {
      throw new Error('my own mistake');
    };
    for (const read of [loadImageFolder, openImageFolder]) {
      await expect(read(folder, { size: [4, 4], onProgress })).rejects.toThrow(/^my own mistake$/);
    }
    const pixels = path.join(process.env.COURSE_CACHE!, 'pixels');
    expect(existsSync(pixels) ? readdirSync(pixels) : []).toEqual([]);
    expect(process.listenerCount('SIGINT')).toBe(0);
    expect((await loadImageFolder(folder, { size: [4, 4] })).train.files).toHaveLength(5);
  });

  it('openImageFolder shows the same for pictures that stay on disk', async () => {
    const pets = await openImageFolder(folder, { size: [4, 4] });
    expect(shown.at(-1)!.data['text/plain']).toBe(String(pets));
    expect(pets.train.batches().size).toBe(5);
  });
});
