import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { unpackArchive, type UnpackOptions } from '../../../lib/src/data/archive';
import { sha256, temporaryFolder } from './support';
import { stored, zipOf, type ZipMember } from './zip';

const root = temporaryFolder();
let folder = '';
let file = '';
let counter = 0;
beforeEach(() => {
  const place = path.join(root, String(counter++));
  folder = path.join(place, 'unpacked');
  file = path.join(place, 'file.zip');
  mkdirSync(folder, { recursive: true });
});

const options: UnpackOptions = {
  name: 'pictures.zip',
  limits: { members: 6, memberSize: 100_000, totalSize: 200_000 },
  pathOf: (member) => /^top\/(.+\.jpg)$/.exec(member)?.[1],
};

const unpack = (zip: Uint8Array, more: Partial<UnpackOptions> = {}): Promise<Map<string, string>> => {
  writeFileSync(file, zip);
  return unpackArchive(file, folder, { ...options, ...more });
};

const cat: ZipMember = { name: 'top/cats/cat.jpg', content: Buffer.alloc(50_000, 'cat ') };
const dog: ZipMember = { name: 'top/dogs/dog.jpg', content: Buffer.from('a dog'), method: stored };

describe('unpackArchive', () => {
  it('unpacks deflated and stored members and returns their checksums', async () => {
    const progress: [number, number][] = [];
    const checksums = await unpack(zipOf([cat, dog]), { onBytes: (...now) => progress.push(now) });
    expect(readFileSync(path.join(folder, 'cats/cat.jpg')).equals(cat.content as Buffer)).toBe(true);
    expect(readFileSync(path.join(folder, 'dogs/dog.jpg'), 'utf8')).toBe('a dog');
    expect(checksums).toEqual(
      new Map([
        ['cats/cat.jpg', sha256(cat.content as Buffer)],
        ['dogs/dog.jpg', sha256(Buffer.from('a dog'))],
      ]),
    );
    expect(progress).toEqual([
      [0, 50_005],
      [50_000, 50_005],
      [50_005, 50_005],
    ]);
  });

  it('writes only what is wanted', async () => {
    await unpack(
      zipOf([cat, { name: 'top/' }, { name: 'top/make.py', content: Buffer.from('x') }, { name: 'other/b.jpg' }]),
    );
    expect(readdirSync(folder)).toEqual(['cats']);
  });

  it('reads what a common program packs', async () => {
    mkdirSync(path.join(root, 'top'), { recursive: true });
    writeFileSync(path.join(root, 'top', 'katze-ä.jpg'), 'Miau');
    const script = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w", 8).write("top/katze-ä.jpg")';
    execFileSync('python3', ['-c', script, file], { cwd: root });
    await unpack(readFileSync(file));
    expect(readFileSync(path.join(folder, 'katze-ä.jpg'), 'utf8')).toBe('Miau');
  });

  const linkTo = (target: string): Partial<ZipMember> => ({
    content: Buffer.from(target),
    attributes: (0o120777 << 16) >>> 0,
  });
  const bomb = deflateRawSync(Buffer.alloc(50_000_000));
  const whole = zipOf([cat, dog]);
  const damaged = Buffer.from(whole);
  damaged[60] ^= 0x55;

  const hostile: [string, Uint8Array, RegExp][] = [
    ['a name that leads out of the folder', zipOf([cat, { name: '../evil.jpg' }]), /invalid relative path: \.\.\/evil/],
    ['a name that leads out in its middle', zipOf([cat, { name: 'top/../../evil.jpg' }]), /invalid relative path/],
    ['an absolute name', zipOf([cat, { name: '/tmp/evil.jpg' }]), /absolute path: \/tmp\/evil\.jpg/],
    ['a drive letter', zipOf([cat, { name: 'C:evil.jpg' }]), /absolute path: C:evil\.jpg/],
    ['backslashes', zipOf([cat, { name: 'top\\..\\..\\evil.jpg' }]), /invalid characters in fileName/],
    [
      'a zero byte in a name',
      zipOf([cat, { name: 'top/a.jpg\0.txt' }]),
      /invisible characters in the name "top\/a\.jpg\\u0000\.txt"/,
    ],
    ['a line break in a name', zipOf([cat, { name: 'top/a\n.jpg' }]), /invisible characters/],
    ['a name that reads backwards', zipOf([cat, { name: 'top/\u202egpj.exe.jpg' }]), /invisible characters/],
    [
      'a name without end',
      zipOf([cat, { name: `top/${'a'.repeat(5_000)}.jpg` }]),
      /a name of 5,008 characters .* at most 200/,
    ],
    [
      'a link',
      zipOf([cat, { name: 'top/link.jpg', ...linkTo('/etc/passwd') }]),
      /"top\/link\.jpg", which is a link or a device/,
    ],
    ['a link for a folder', zipOf([{ name: 'top/cats', ...linkTo('/tmp') }, cat]), /"top\/cats", which is a link/],
    ['a device', zipOf([cat, { name: 'top/dev.jpg', attributes: (0o020666 << 16) >>> 0 }]), /a link or a device/],
    ['a pipe', zipOf([cat, { name: 'top/pipe.jpg', attributes: (0o010666 << 16) >>> 0 }]), /a link or a device/],
    ['a name twice', zipOf([cat, cat]), /"top\/cats\/cat\.jpg" twice/],
    ['a name twice in other letters', zipOf([cat, { name: 'top/CATS/cat.jpg' }]), /"top\/CATS\/cat\.jpg" twice/],
    ['a name twice with an accent', zipOf([{ name: 'top/\u00e4.jpg' }, { name: 'top/a\u0308.jpg' }]), /twice/],
    ['an encrypted member', zipOf([cat, { ...dog, method: 8, flags: 1 }]), /"top\/dogs\/dog\.jpg", which is encrypted/],
    ['another way of packing', zipOf([cat, { ...dog, method: 12 }]), /packed by method 12/],
    [
      'too many members',
      zipOf(Array.from({ length: 7 }, (_, i) => ({ name: `top/${i}` }))),
      /got 7 members, expected at most 6/,
    ],
    ['a number of members that is not true', zipOf([cat, dog], { count: 5 }), /no whole, harmless zip file/],
    [
      'a member that is too large',
      zipOf([cat, { name: 'top/a.jpg', packed: bomb, size: 50_000_000 }]),
      /with 50,000,000 bytes, expected at most 100,000/,
    ],
    [
      'too much in all',
      zipOf(['a', 'b', 'c'].map((name) => ({ name: `top/${name}.jpg`, content: Buffer.alloc(90_000) }))),
      /more bytes in all, expected at most 200,000/,
    ],
    [
      'too much that nobody wants',
      zipOf([cat, { name: 'x', packed: bomb, size: 50_000_000 }]),
      /with 50,000,000 bytes/,
    ],
    [
      'a bomb that promises to be small',
      zipOf([cat, { name: 'top/a.jpg', packed: bomb, size: 1_000 }]),
      /too many bytes in the stream. expected 1000/,
    ],
    ['a member that is shorter than it promises', zipOf([{ ...cat, size: 60_000 }]), /not enough bytes in the stream/],
    ['a stored member of two lengths', zipOf([{ ...dog, size: 60_000 }]), /size mismatch for stored file/],
    [
      'another checksum',
      zipOf([{ ...cat, crc: 0x1234 }]),
      /pictures\.zip: top\/cats\/cat\.jpg: got the CRC-32 \w{8}, expected 00001234/,
    ],
    ['damaged bytes', damaged, /no whole, harmless zip file|CRC-32/],
    [
      'an archive cut short',
      whole.subarray(0, whole.length - 30),
      /End of central directory record signature not found/,
    ],
    ['an archive without its beginning', whole.subarray(100), /no whole, harmless zip file/],
    ['bytes after its end', Buffer.concat([whole, Buffer.from('extra')]), /Invalid comment length/],
    ['a web page', Buffer.from('<!DOCTYPE html><title>Sign in</title>'), /not a zip file/],
    ['nothing at all', Buffer.alloc(0), /no whole, harmless zip file/],
  ];

  it.each(hostile)('refuses %s, and writes nothing outside', async (_what, zip, message) => {
    await expect(unpack(zip)).rejects.toThrow(message);
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['file.zip', 'unpacked']);
    expect(existsSync('/tmp/evil.jpg')).toBe(false);
  });

  it('writes nothing at all if any member is hostile', async () => {
    for (const [, zip] of hostile.slice(0, 23)) await expect(unpack(zip)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says with the name of the file when it cannot be read', async () => {
    await expect(unpackArchive(path.join(root, 'none.zip'), folder, options)).rejects.toThrow(/ENOENT.*none\.zip/);
  });
});
