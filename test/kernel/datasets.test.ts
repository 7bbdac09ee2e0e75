import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestKernel } from '../support/kernel-client';

let kernel: TestKernel;
let cache: string;
beforeAll(async () => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), 'datasets-'));
  const env = { COURSE_CACHE: cache, COURSE_DATA: '', COURSE_OFFLINE: '1', COURSE_QUICK: '1' };
  kernel = await TestKernel.start({ env });
});
afterAll(async () => {
  await kernel.stop();
  fs.rmSync(cache, { recursive: true, force: true });
});

describe('a dataset in a notebook', () => {
  it('ends being drawn when the cell is interrupted, and does not go on behind the next one', async () => {
    await kernel.execute("import { loadCatsAndDogs } from '@course/lib'; let told = 0;");
    const running = kernel.execute(
      'const pets = await loadCatsAndDogs({ onProgress: () => { if (told++ === 3) console.log("go"); } });',
    );
    await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
    await kernel.interrupt();
    const { reply } = await running;
    expect(reply).toMatchObject({ status: 'error', ename: 'Interrupted' });
    expect(reply.evalue).toContain('Loading Cats and dogs was interrupted. Load it again when you need it');
    expect(fs.readdirSync(path.join(cache, 'datasets'))).toEqual([]);

    // As many turns as drawing some hundred pictures would take.
    const next = await kernel.execute(
      'const before = told; for (let i = 0; i < 20; i++) await new Promise((r) => setTimeout(r, 50)); console.log(told - before);',
    );
    expect(next.text('stdout')).toBe('0\n');
    expect(next.messages.filter(({ type }) => /display_data$/.test(type))).toEqual([]);
  });
});
