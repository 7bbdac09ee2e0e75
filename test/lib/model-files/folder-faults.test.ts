import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { recoverFolder } from '../../../lib/src/model-files/folder';
import { temporaryFolders } from '../../setup/temporary';
import { canMount, killAtRandom, runOnSmallDisk } from '../../support/faults';

/** Processes that are killed, and real disks that are full or read-only. */

const newFolder = temporaryFolders();
const script = path.join(__dirname, 'replace-folder.cjs');
const mounts = canMount('the tests of saved models on full and read-only disks are');

function expectWhole(folder: string): void {
  const { number } = JSON.parse(fs.readFileSync(path.join(folder, 'model.json'), 'utf8'));
  const weights = fs.readFileSync(path.join(folder, 'weights.bin'));
  expect(weights.length).toBe(2_000_000);
  expect(weights.equals(Buffer.alloc(2_000_000, number))).toBe(true);
}

describe('a process that saves a model over the one before', () => {
  it('can be killed at any moment: a whole one is there, and nothing piles up', async () => {
    const parent = newFolder('models');
    const folder = path.join(parent, 'small');
    let foundUnfinished = 0;
    for (let kill = 0; kill < 50; kill++) {
      await killAtRandom([script, folder, '2000000', '1000000']);

      const beside = fs.readdirSync(parent).filter((name) => name !== 'small');
      // Of each kind at most one: unfinished and set aside.
      expect(beside.length).toBeLessThanOrEqual(2);
      foundUnfinished += beside.filter((name) => name.endsWith('.tmp')).length;
      await recoverFolder(folder);
      expectWhole(folder);
    }
    // Else no kill came while something was being written, and the test has tested nothing.
    expect(foundUnfinished).toBeGreaterThan(0);
  }, 180_000);

  it('finds the model that was set aside when it was killed between the two renames', async () => {
    const parent = newFolder('models');
    const folder = path.join(parent, 'small');
    const { status } = spawnSync(process.execPath, [script, folder, '2000000', '1']);
    expect(status).toBe(0);
    fs.renameSync(folder, `${folder}.00000000-0000-4000-8000-000000000000.old`);
    await recoverFolder(folder);
    expectWhole(folder);

    fs.renameSync(folder, `${folder}.00000000-0000-4000-8000-000000000000.old`);
    expect(spawnSync(process.execPath, [script, folder, '2000000', '2']).status).toBe(0);
    expectWhole(folder);
    expect(fs.readdirSync(parent)).toEqual(['small']);
  });

  /** The disk holds the folder's parent; `"$@"` saves. */
  function onSmallDisk(shell: string, bytes: number, times: number) {
    const parent = newFolder('disk');
    return runOnSmallDisk(parent, shell, [
      process.execPath, script, path.join(parent, 'small'), String(bytes), String(times),
    ]);
  }

  it.runIf(mounts)('on a full disk says so; what was saved before is still there, and no rubbish', () => {
    const { status, stdout } = onSmallDisk(
      '"$@"; code=$?; ls -A "$disk"; ls -l "$disk/small"; exit $code', 6_000_000, 2,
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/no space is left in .*small for 6\.0 MB\. What was saved before is still there\. Free/);
    expect(stdout).toMatch(/\nsmall\n/);
    expect(stdout).toContain('6000000');
    expect(stdout).not.toMatch(/\.tmp|\.old/);
  });

  it.runIf(mounts)('in a folder that is read-only says so', () => {
    const { status, stdout } = onSmallDisk(
      '"$@" && mount -o remount,ro "$disk" && { "$@"; code=$?; ls -A "$disk"; exit $code; }', 1000, 1,
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/small cannot be written \(EROFS\)\. What was saved before is still there\. Change its/);
    expect(stdout).toMatch(/\nsmall\n$/);
  });
});
