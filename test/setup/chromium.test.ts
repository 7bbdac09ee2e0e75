import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChromium } from '../../setup/chromium.mjs';
import { temporaryFolders, writeProgram } from './temporary';

const newFolder = temporaryFolders();

describe('findChromium', () => {
  it('finds one on the PATH', () => {
    const folder = newFolder();
    const chrome = writeProgram(folder, 'google-chrome', '');
    expect(findChromium({ PATH: folder })).toBe(chrome);
  });

  it('takes the one that COURSE_CHROMIUM names, and no other', () => {
    const folder = newFolder();
    writeProgram(folder, 'chromium', '');
    const mine = writeProgram(folder, 'mine', '');
    expect(findChromium({ PATH: folder, COURSE_CHROMIUM: mine })).toBe(mine);
    expect(findChromium({ PATH: folder, COURSE_CHROMIUM: 'mine' })).toBe(mine);
    expect(findChromium({ PATH: folder, COURSE_CHROMIUM: path.join(folder, 'gone') })).toBeUndefined();
  });
});
