import { ownPicture, tf, type OwnPicture } from '@course/lib';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { crc32 } from '../../../lib/src/data/crc32';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'own-picture-'))));
afterAll(() => rmSync(folder, { recursive: true }));
let tensorsBefore: number;
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

/** Strokes of a five, in a square of 400. */
const FIVE = 'M 270 80 L 150 80 L 140 190 C 200 160 280 180 275 260 C 270 340 170 350 125 310';

interface Scene {
  size?: [width: number, height: number];
  ground?: string;
  ink?: string;
  stroke?: number;
  /** Where the square of 400 lies. */
  at?: string;
  extra?: string;
}

function svg({ size = [400, 400], ground = 'white', ink = 'black', stroke = 36, at = '', extra = '' }: Scene): Buffer {
  const [width, height] = size;
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>` +
      `<linearGradient id="yellow" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#f6ecc0"/><stop offset="1" stop-color="#8a7f55"/></linearGradient>` +
      `<radialGradient id="lamp" cx="0.3" cy="0.3" r="0.9"><stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#888"/></radialGradient></defs>` +
      `<rect width="${width}" height="${height}" fill="${ground}"/>${extra}` +
      `<path transform="${at}" d="${FIVE}" fill="none" stroke="${ink}" stroke-width="${stroke}" stroke-linecap="round"/></svg>`);
}

async function read(scene: Scene | Buffer, like?: 'mnist' | 'fashion-mnist', name = 'picture.png'): Promise<OwnPicture> {
  const file = join(folder, name);
  writeFileSync(file, Buffer.isBuffer(scene) ? scene : await sharp(svg(scene)).png().toBuffer());
  return ownPicture(file, { like });
}

/** The five as MNIST has its digits, made by another way: in a box of 20 x 20 with its centre of mass in the middle of 28 x 28. */
async function expectedFive(): Promise<Uint8Array> {
  const drawn = sharp(svg({ ground: 'black', ink: 'white' })).greyscale();
  const { data, info } = await sharp(await drawn.png().toBuffer()).trim({ background: 'black', threshold: 10 })
    .resize(20, 20, { fit: 'inside' }).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  let [mass, x, y] = [0, 0, 0];
  data.forEach((value, i) => {
    mass += value;
    x += value * (i % info.width);
    y += value * Math.floor(i / info.width);
  });
  const [left, top] = [Math.round(14 - x / mass), Math.round(14 - y / mass)];
  const square = new Uint8Array(784);
  data.forEach((value, i) => void (square[(top + Math.floor(i / info.width)) * 28 + left + (i % info.width)] = value));
  return square;
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const centered = (values: ArrayLike<number>): number[] => {
    const list = Array.from(values);
    const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
    return list.map((value) => value - mean);
  };
  const [x, y] = [centered(a), centered(b)];
  const dot = (p: number[], q: number[]): number => p.reduce((sum, value, i) => sum + value * q[i], 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** As drawing programs store it: 24 bits a pixel, the rows from below. */
async function bmp(scene: Scene): Promise<Buffer> {
  const { data, info: { width, height } } = await sharp(svg(scene)).flip().removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(54 + data.length, 2);
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return Buffer.concat([header, Buffer.from(data.map((_, i) => data[i + 2 - 2 * (i % 3)]))]);
}

const exif = async (orientation: number): Promise<Buffer> => {
  // What a camera stores when it is held so that the picture must be turned this way to stand upright.
  const turned = { 1: 0, 3: 180, 6: 270, 8: 90 }[orientation] ?? 0;
  return sharp(await sharp(svg({ ground: 'url(#yellow)' })).rotate(turned).toBuffer()).withMetadata({ orientation }).jpeg().toBuffer();
};

describe('ownPicture', () => {
  const scenes: [string, Scene | (() => Promise<Buffer>)][] = [
    ['dark on white', {}],
    ['light on black', { ground: 'black', ink: 'white' }],
    ['grey on dark blue', { ground: '#102040', ink: '#b0b0b0' }],
    ['on yellow paper with light from one side', { ground: 'url(#yellow)', ink: '#1c2c66' }],
    ['under a lamp', { ground: 'url(#lamp)', ink: '#333' }],
    ['in pencil, under a lamp', { ground: 'url(#lamp)', ink: 'rgba(0, 0, 0, 0.3)' }],
    ['small in a corner of a wide picture', { size: [1600, 900], ground: 'url(#yellow)', at: 'translate(1480 20) scale(0.25)' }],
    ['in a tall picture', { size: [500, 1500], at: 'translate(40 900)' }],
    ['with specks of dust', { extra: '<circle cx="20" cy="380" r="2"/><circle cx="390" cy="15" r="3"/>' }],
    ['on a transparent ground, dark', { ground: 'none', ink: '#a00' }],
    ['on a transparent ground, light', { ground: 'none', ink: '#ffe' }],
    ['as a JPEG of poor quality', async () => sharp(svg({ ground: 'url(#yellow)' })).jpeg({ quality: 30 }).toBuffer()],
    ['with 16 bits a channel', async () => sharp(svg({})).toColourspace('rgb16').png().toBuffer()],
    ['as grey levels', async () => sharp(svg({})).greyscale().png().toBuffer()],
    ['in the colours of print', async () => sharp(svg({})).flatten().toColourspace('cmyk').jpeg().toBuffer()],
    ['as a BMP', () => bmp({ ground: 'url(#yellow)' })],
    ['as a GIF', async () => sharp(svg({})).gif().toBuffer()],
    ...[1, 3, 6, 8].map((n): [string, () => Promise<Buffer>] => [`turned by its camera (EXIF orientation ${n})`, () => exif(n)]),
  ];
  it.each(scenes)('finds a digit %s, and makes it as MNIST has it', async (_, scene) => {
    const { images } = await read(typeof scene === 'function' ? await scene() : scene);
    expect(images.shape).toEqual([1, 28, 28]);
    expect(images.dtype).toBe('uint8');
    expect(correlation(images.data, await expectedFive())).toBeGreaterThan(0.9);
  });

  it('makes ink white, the ground black, and fills 20 of 28 pixels', async () => {
    const { images } = await read({ ground: 'url(#lamp)', ink: '#777' });
    const rows = Array.from({ length: 28 }, (_, y) => Math.max(...images.data.subarray(y * 28, y * 28 + 28)));
    expect(Math.max(...rows)).toBe(255);
    expect(rows.filter((value) => value > 0).length).toBe(20);
    expect(images.data.filter((value) => value === 0).length).toBeGreaterThan(784 - 400);
  });

  it('widens the strokes of a thin pen to those of MNIST, and leaves usual ones alone', async () => {
    const thin = await read({ stroke: 4 });
    expect(thin.steps.map(({ name }) => name)).toContain('strokes widened');
    expect(correlation(thin.images.data, await expectedFive())).toBeGreaterThan(0.85);
    const ink = (own: OwnPicture): number => own.images.data.reduce((sum, value) => sum + value, 0) / 255;
    expect(ink(thin)).toBeGreaterThan(60);
    expect((await read({})).steps.map(({ name }) => name)).not.toContain('strokes widened');
  });

  it('keeps each step, from the picture as it was to the last one', async () => {
    const { images, steps } = await read({ size: [800, 600], ground: 'url(#yellow)', at: 'translate(200 100)' });
    expect(steps.map(({ name }) => name)).toEqual([
      'original', 'grey', 'even light', 'ink found', 'cropped', 'fitted', 'centred']);
    const [original, grey, , found, cropped] = steps.map(({ picture }) => picture);
    expect(original.shape).toEqual([480, 640, 3]);
    expect(grey.shape).toEqual([480, 640]);
    expect(found.data.every((value) => value === 0 || value === 255)).toBe(true);
    expect(cropped.shape[0]).toBeGreaterThan(cropped.shape[1]);
    expect([...steps.at(-1)!.picture.data]).toEqual([...images.data]);
  });

  it('keeps the shades of clothes, fills 28 pixels and puts the box in the middle', async () => {
    const shirt = '<path d="M 100 60 L 300 60 L 300 340 L 100 340 Z" fill="#555"/><path d="M 180 60 L 220 60 L 220 340 L 180 340 Z" fill="#bbb"/>';
    const { images } = await read({ ink: 'none', extra: shirt }, 'fashion-mnist');
    const row = [...images.data.subarray(14 * 28, 15 * 28)];
    expect(row.slice(0, 3)).toEqual([0, 0, 0]);
    expect(row.slice(25)).toEqual([0, 0, 0]);
    expect(Math.abs(row[7] - (255 - 0x55))).toBeLessThan(4);
    expect(Math.abs(row[14] - (255 - 0xbb))).toBeLessThan(12);
    expect(images.get(0, 0, 7)).toBeGreaterThan(150);
    expect(images.get(0, 27, 7)).toBeGreaterThan(150);
  });

  it('finds clothes that fill their picture', async () => {
    const coat = '<path d="M 90 0 L 310 0 L 400 120 L 400 300 L 320 300 L 320 400 L 80 400 L 80 300 L 0 300 L 0 120 Z" fill="#333"/>';
    const { images } = await read({ ink: 'none', extra: coat }, 'fashion-mnist');
    expect(images.get(0, 14, 14)).toBeGreaterThan(180);
    expect(images.get(0, 0, 0)).toBeLessThan(20);
  });

  it.each([['white', 'white'], ['lit from one side', 'url(#yellow)'], ['under a lamp', 'url(#lamp)'], ['black', 'black']])(
    'says that it found nothing on empty paper, %s', async (_, ground) => {
      await expect(read({ ground, ink: 'none' })).rejects.toThrow(/picture\.png: found nothing: no pixel stands out.*Expected one digit/s);
    });

  it('says which pictures there are where the named one is missing', async () => {
    mkdirSync(join(folder, 'mine'), { recursive: true });
    writeFileSync(join(folder, 'mine', 'seven.jpg'), '');
    await expect(ownPicture(join(folder, 'mine', 'sevn.jpg'))).rejects.toThrow(/sevn\.jpg: there is no such file\. The pictures in mine: seven\.jpg\./);
    await expect(ownPicture(join(folder, 'mine'))).rejects.toThrow(/mine: got a folder; expected a picture\. The pictures in mine: seven\.jpg/);
    await expect(ownPicture(join(folder, 'nowhere', 'a.jpg'))).rejects.toThrow(/There is no folder .*nowhere either/);
  });

  it('says that a named pipe is no picture, and does not wait for it', async () => {
    mkdirSync(join(folder, 'pipes'));
    writeFileSync(join(folder, 'pipes', 'eight.jpg'), '');
    execFileSync('mkfifo', [join(folder, 'pipes', 'p')]);
    await expect(ownPicture(join(folder, 'pipes', 'p'))).rejects.toThrow(
      /p: got a pipe or a device; expected a picture\. The pictures in pipes: eight\.jpg/);
    await expect(ownPicture(join(folder, 'pipes', 'p', 'a.jpg'))).rejects.toThrow(/a\.jpg: there is no such file\. What is in .*p cannot be listed \(ENOTDIR\)/);
  });

  it('says that it may not read a file, or what is in a folder', async () => {
    const file = join(folder, 'locked.png');
    writeFileSync(file, '');
    mkdirSync(join(folder, 'locked'));
    chmodSync(file, 0);
    chmodSync(join(folder, 'locked'), 0);
    // Root may read everything.
    const asRoot = process.getuid?.() === 0;
    if (asRoot) chmodSync(folder, 0o755), process.seteuid!(65_534);
    try {
      await expect(ownPicture(file)).rejects.toThrow(/locked\.png: got no permission to read it \(EACCES\)\. Allow it/);
      await expect(ownPicture(join(folder, 'locked', 'a.png'))).rejects.toThrow(/a\.png: got no permission to read it/);
      await expect(ownPicture(join(folder, 'locked'))).rejects.toThrow(/locked: got a folder; .*cannot be listed \(EACCES\)/);
    } finally {
      if (asRoot) process.seteuid!(0);
      chmodSync(join(folder, 'locked'), 0o755);
    }
  });

  it('looks for ink in a long, narrow picture too, and names the size that a too narrow one has', async () => {
    const strip = (height: number): Promise<Buffer> =>
      sharp(svg({ size: [3000, height], at: 'scale(0.04)' })).png().toBuffer();
    await expect(read(await strip(20))).rejects.toThrow('found nothing');
    await expect(read(await strip(8))).rejects.toThrow(/shape \[8, 3000, 4\]; expected .* each side at least 10 pixels/);
  });

  it('refuses a picture that would fill the memory, by its size', async () => {
    const bomb = await sharp(svg({})).png().toBuffer();
    bomb.writeUInt32BE(20_000, 16);
    bomb.writeUInt32BE(20_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    await expect(read(bomb)).rejects.toThrow(/picture\.png: got 20000 x 20000 pixels, more than 100 megapixels\. Make it smaller/);
  });

  it('says that a file is no picture, or is cut off', async () => {
    const png = await sharp(svg({ ground: 'url(#lamp)' })).png().toBuffer();
    const photoOfAPhone = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(100)]);
    for (const bytes of [png.subarray(0, png.length >> 1), photoOfAPhone, svg({}), Buffer.from('hello'), Buffer.alloc(0)]) {
      await expect(read(bytes)).rejects.toThrow(/picture\.png: cannot be read as a picture \(.+\); expected JPEG, PNG, WebP, GIF, TIFF or BMP/);
    }
    await expect(read(photoOfAPhone)).rejects.toThrow(/it is HEIC/);
    await expect(read(svg({}))).rejects.toThrow(/it is SVG/);
    await expect(read(Buffer.from('hello'))).rejects.toThrow(/it is text/);
    await expect(read(Buffer.alloc(0))).rejects.toThrow(/the file is empty/);
    await expect(read(await sharp(svg({})).resize(4, 4).png().toBuffer())).rejects.toThrow(/shape \[4, 4, 4\]; expected .* each side at least 10 pixels/);
  });

  it('refuses a dataset that it does not know', async () => {
    await expect(read({}, 'cifar' as 'mnist')).rejects.toThrow(/got like: 'cifar'; expected 'mnist' or 'fashion-mnist'/);
  });
});

const data = process.env.COURSE_DATA;
if (!data) console.warn('own-picture: photos of real MNIST digits were NOT tested, because COURSE_DATA is not set.');

describe.runIf(data)('ownPicture of real MNIST digits', () => {
  const bytes = (file: string, header: number): Buffer => gunzipSync(readFileSync(join(data!, 'mnist', file))).subarray(header);

  it('gives them back from a photo: the class with the nearest mean is found as often as for the digits themselves', async () => {
    const [train, trainLabels] = [bytes('train-images-idx3-ubyte.gz', 16), bytes('train-labels-idx1-ubyte.gz', 8)];
    const [test, testLabels] = [bytes('t10k-images-idx3-ubyte.gz', 16), bytes('t10k-labels-idx1-ubyte.gz', 8)];
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    for (let i = 0; i < 10_000; i++) for (let p = 0; p < 784; p++) means[trainLabels[i]][p] += train[i * 784 + p];
    const nearest = (picture: ArrayLike<number>): number => {
      const similarity = means.map((mean) => correlation(picture, mean));
      return similarity.indexOf(Math.max(...similarity));
    };
    const COUNT = 30;
    let [direct, own] = [0, 0];
    const correlations: number[] = [];
    for (let i = 0; i < COUNT; i++) {
      const digit = test.subarray(i * 784, (i + 1) * 784);
      const large = await sharp(digit, { raw: { width: 28, height: 28, channels: 1 } }).resize(300, 300, { kernel: 'cubic' }).negate().png().toBuffer();
      const photo = await sharp(svg({ size: [640, 480], ink: 'none', ground: 'url(#yellow)' }))
        .composite([{ input: large, left: 200, top: 90, blend: 'multiply' }]).jpeg({ quality: 80 }).toBuffer();
      const { images } = await read(photo);
      correlations.push(correlation(images.data, digit));
      if (nearest(digit) === testLabels[i]) direct++;
      if (nearest(images.data) === testLabels[i]) own++;
    }
    expect(direct / COUNT).toBeGreaterThan(0.75);
    expect(own).toBeGreaterThanOrEqual(direct - 3);
    expect(correlations.sort((a, b) => a - b)[COUNT >> 1]).toBeGreaterThan(0.93);
  });
});
