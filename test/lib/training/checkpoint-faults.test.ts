import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { newestCheckpoint } from '../../../lib/src/training/checkpoint';
import { temporaryFolders } from '../../setup/temporary';
import { canMount, killAtRandom, runOnSmallDisk } from '../../support/faults';

/** Processes that are killed, and real disks that are full or read-only. */

const newFolder = temporaryFolders();
const script = path.join(__dirname, 'write-checkpoints.cjs');
const mounts = canMount('the tests of checkpoints on full and read-only disks are');

/** All values of a checkpoint are its number. */
function numberOfWhole(folder: string): number {
  const { newest, damaged } = newestCheckpoint(folder);
  expect(damaged).toEqual([]);
  const { facts, arrays } = newest!.content;
  expect(arrays.values.values.every((value) => value === facts.number)).toBe(true);
  return facts.number as number;
}

describe('a process that writes checkpoints', () => {
  it('can be killed at any moment: the newest whole one is there, and nothing piles up', async () => {
    const folder = newFolder('checkpoints');
    let [last, foundUnfinished] = [0, 0];
    for (let kill = 0; kill < 50; kill++) {
      await killAtRandom([script, folder, '500000', '1000000']);

      const number = numberOfWhole(folder);
      expect(number).toBeGreaterThan(last);
      last = number;
      const names = fs.readdirSync(folder);
      const unfinished = names.filter((name) => name.endsWith('.tmp'));
      expect(unfinished.length).toBeLessThanOrEqual(1);
      // Two stay; one more is there when the kill came before the oldest went.
      expect(names.length - unfinished.length).toBeLessThanOrEqual(3);
      foundUnfinished += unfinished.length;
    }
    // Else no kill came while a file was being written, and the test has tested nothing.
    expect(foundUnfinished).toBeGreaterThan(0);
  }, 180_000);

  /** `shell` prepares the disk; `"$@"` writes. */
  const onSmallDisk = (shell: string, folder: string, floats: number, times: number) =>
    runOnSmallDisk(folder, shell, [process.execPath, script, folder, String(floats), String(times)]);

  it.runIf(mounts)('on a full disk says so, and leaves the older checkpoints and no rubbish', () => {
    const folder = newFolder('disk');
    // 4 MB each, of which two stay: the third does not fit.
    const { status, stdout } = onSmallDisk('"$@"; code=$?; ls -A "$disk"; exit $code', folder, 1_000_000, 5);
    expect(status).toBe(1);
    expect(stdout).toMatch(/no space is left in .* for 4\.0 MB\. Older checkpoints are still there\. Free some space/);
    expect(stdout.trim().split('\n').slice(-2)).toEqual([
      '000001-epoch-0000-batch-000001.safetensors', '000002-epoch-0000-batch-000002.safetensors',
    ]);
    expect(stdout).not.toContain('.tmp');
  });

  it.runIf(mounts)('in a folder that is read-only says so, and leaves the older checkpoints', () => {
    const folder = newFolder('disk');
    const { status, stdout } = onSmallDisk(
      '"$@" && mount -o remount,ro "$disk" && { "$@"; code=$?; ls -A "$disk"; exit $code; }', folder, 1000, 1,
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/cannot be written \(EROFS\)\. Older checkpoints are still there\. Change its permissions/);
    expect(stdout).toMatch(/\n000001-epoch-0000-batch-000001\.safetensors\n$/);
  });
});
