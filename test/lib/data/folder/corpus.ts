import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';

/**
 * Files of all kinds that lie in real folders of pictures, made by the tests: each is one class's neighbour, and each
 * says what must become of it.
 */

export const SIDE = 16;

type Colour = readonly [number, number, number];
export const [RED, GREEN, BLUE, GREY, WHITE, BLACK]: Colour[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [128, 128, 128],
  [255, 255, 255],
  [0, 0, 0],
];

/** Red and green above, blue and grey below: it shows how a picture was turned. */
export const QUARTERS: readonly Colour[] = [RED, GREEN, BLUE, GREY];

const SHADES: readonly Colour[] = [WHITE, BLACK, GREY, WHITE];

/** RGB pixels of four quarters, from above, left to right. */
export function quarters(colours: readonly Colour[] = QUARTERS, side = SIDE): Buffer {
  const pixels = Buffer.alloc(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++)
      pixels.set(colours[(y < side / 2 ? 0 : 2) + (x < side / 2 ? 0 : 1)], (y * side + x) * 3);
  }
  return pixels;
}

const raw = (pixels = quarters(), channels: 1 | 3 | 4 = 3): sharp.Sharp =>
  sharp(pixels, { raw: { width: SIDE, height: SIDE, channels } });

/** The quarters, and after them a blue page or frame. */
const pages = (): sharp.Sharp =>
  sharp(Buffer.concat([quarters(), quarters([BLUE, BLUE, BLUE, BLUE])]), {
    raw: { width: SIDE, height: SIDE * 2, channels: 3, pageHeight: SIDE },
  });

/** Made the same on every machine: numbers that look like noise. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Uint8Array.from({ length }, () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24),
  );
}

const noisy = (): sharp.Sharp => sharp(noise(64 * 64 * 3), { raw: { width: 64, height: 64, channels: 3 } });

export interface Case {
  readonly name: string;
  /** Writes it into the folder of a class. */
  readonly make: (file: string) => void;
  /** Why it is skipped; undefined for a picture. */
  readonly reason?: string;
  /** What of the detail must be there. */
  readonly detail?: RegExp;
  /** The quarters of the picture as it must come out, and how far off they may be. Default: as drawn, exactly. */
  readonly colours?: readonly Colour[];
  readonly tolerance?: number;
  /** Cannot be made everywhere (by root, on this system): why. */
  readonly unless?: string | false;
}

const content =
  (bytes: Buffer | string): Case['make'] =>
  (file) =>
    writeFileSync(file, bytes);

function bmp(
  bits: 1 | 4 | 8 | 16 | 24 | 32,
  { topDown = false, core = false, gap = 0, colours = QUARTERS } = {},
): Buffer {
  const palette = bits <= 8 ? [...colours].slice(0, 1 << bits) : [];
  const headerSize = core ? 12 : 40;
  const step = core ? 3 : 4;
  const pixelsAt = 14 + headerSize + palette.length * step + gap;
  const rowBytes = Math.ceil((SIDE * bits) / 32) * 4;
  const file = Buffer.alloc(pixelsAt + rowBytes * SIDE);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(pixelsAt, 10);
  file.writeUInt32LE(headerSize, 14);
  if (core) {
    file.writeUInt16LE(SIDE, 18);
    file.writeUInt16LE(SIDE, 20);
    file.writeUInt16LE(1, 22);
    file.writeUInt16LE(bits, 24);
  } else {
    file.writeInt32LE(SIDE, 18);
    file.writeInt32LE(topDown ? -SIDE : SIDE, 22);
    file.writeUInt16LE(1, 26);
    file.writeUInt16LE(bits, 28);
    file.writeUInt32LE(palette.length, 46);
  }
  palette.forEach(([r, g, b], i) => file.set([b, g, r], 14 + headerSize + i * step));
  for (let y = 0; y < SIDE; y++) {
    const row = pixelsAt + (topDown ? y : SIDE - 1 - y) * rowBytes;
    for (let x = 0; x < SIDE; x++) {
      const index = (y < SIDE / 2 ? 0 : 2) + (x < SIDE / 2 ? 0 : 1);
      const [r, g, b] = colours[index];
      if (bits <= 8)
        file[row + Math.floor((x * bits) / 8)] |= (index % palette.length) << (8 - bits - ((x * bits) % 8));
      else if (bits === 16) file.writeUInt16LE(((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3), row + x * 2);
      else file.set([b, g, r], row + (x * bits) / 8);
    }
  }
  return file;
}

/** A grey TIFF whose values have 32 bits. */
function tiff32(sampleFormat: 'uint' | 'float', value: number): Buffer {
  const fields: [tag: number, value: number][] = [
    [256, SIDE],
    [257, SIDE],
    [258, 32],
    [259, 1],
    [262, 1],
    [273, 0],
    [277, 1],
    [278, SIDE],
    [279, SIDE * SIDE * 4],
    [339, sampleFormat === 'uint' ? 1 : 3],
  ];
  const start = 8 + 2 + fields.length * 12 + 4;
  const file = Buffer.alloc(start + SIDE * SIDE * 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(fields.length, 8);
  fields.forEach(([tag, number], i) => {
    const at = 10 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(4, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(tag === 273 ? start : number, at + 8);
  });
  for (let at = start; at < file.length; at += 4) {
    if (sampleFormat === 'uint') file.writeUInt32LE(value, at);
    else file.writeFloatLE(value, at);
  }
  return file;
}

/** A PNG of these chunks, each with its length and checksum. */
function png(...chunks: [string, Buffer][]): Buffer {
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...chunks.map(([type, data]) => {
      const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
      const chunk = Buffer.alloc(named.length + 8);
      chunk.writeUInt32BE(data.length);
      named.copy(chunk, 4);
      chunk.writeUInt32BE(crc32(named), named.length + 4);
      return chunk;
    }),
  ]);
}

function pngHeader(width: number, height: number, bitDepth = 8, colourType = 2): [string, Buffer] {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colourType, 0, 0, 0], 8);
  return ['IHDR', header];
}

/** 50,000 x 50,000 pixels in a hundred bytes. */
const pngBomb = (): Buffer =>
  png(pngHeader(50_000, 50_000), ['IDAT', deflateSync(Buffer.alloc(1000))], ['IEND', Buffer.alloc(0)]);

const square = Buffer.alloc(SIDE * SIDE * 4);
for (let i = 0; i < SIDE * SIDE; i++) square.set([255, 0, 0, i < (SIDE * SIDE) / 2 ? 255 : 0], i * 4);

/** How the quarters lie in the file so that they come out upright: EXIF's orientations 1 to 8. */
const stored: Record<number, readonly Colour[]> = {
  1: [RED, GREEN, BLUE, GREY],
  2: [GREEN, RED, GREY, BLUE],
  3: [GREY, BLUE, GREEN, RED],
  4: [BLUE, GREY, RED, GREEN],
  5: [RED, BLUE, GREEN, GREY],
  6: [GREEN, GREY, RED, BLUE],
  7: [GREY, GREEN, BLUE, RED],
  8: [BLUE, RED, GREY, GREEN],
};

const grey16 = (): Uint16Array =>
  Uint16Array.from({ length: SIDE * SIDE }, (_, i) => (i < (SIDE * SIDE) / 2 ? 0x4040 : 0xc0c0));

export async function goodCases(): Promise<Case[]> {
  const jpeg = (pipeline: sharp.Sharp, options: sharp.JpegOptions = {}): Promise<Buffer> =>
    pipeline.jpeg({ quality: 100, chromaSubsampling: '4:4:4', ...options }).toBuffer();
  const near = { tolerance: 6 };
  const luma = ([r, g, b]: Colour): Colour => {
    const value = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    return [value, value, value];
  };
  const cases: Case[] = [
    { name: 'jpeg baseline.jpg', make: content(await jpeg(raw())), ...near },
    { name: 'jpeg progressive.jpg', make: content(await jpeg(raw(), { progressive: true })), ...near },
    { name: 'jpeg with capitals.JPG', make: content(await jpeg(raw())), ...near },
    { name: 'jpeg without an extension', make: content(await jpeg(raw())), ...near },
    {
      name: 'jpeg of grey.jpeg',
      make: content(await jpeg(raw(quarters(QUARTERS.map(luma))).toColourspace('b-w'))),
      colours: QUARTERS.map(luma),
      ...near,
    },
    {
      name: 'jpeg with bytes behind it.jpg',
      make: content(Buffer.concat([await jpeg(raw()), Buffer.alloc(100)])),
      ...near,
    },
    { name: 'jpeg with a long comment.jpg', make: content(withComment(await jpeg(raw()), 60_000)), ...near },
    {
      name: 'jpeg in CMYK.jpg',
      make: content(await jpeg(raw(quarters(SHADES)).toColourspace('cmyk'))),
      colours: SHADES,
      tolerance: 45,
    },
    { name: 'jpeg with a profile.jpg', make: content(await jpeg(raw().withIccProfile('p3'))), tolerance: 12 },
    {
      name: 'jpeg of one grey.jpg',
      make: content(await jpeg(raw(quarters([GREY, GREY, GREY, GREY])))),
      colours: [GREY, GREY, GREY, GREY],
    },
    {
      name: 'jpeg with zeros in a note.jpg',
      make: content(withComment(await jpeg(raw()), 500, 0)),
      ...near,
    },
    { name: 'png.png', make: content(await raw().png().toBuffer()) },
    { name: 'png interlaced.png', make: content(await raw().png({ progressive: true }).toBuffer()) },
    {
      name: 'png with a palette.png',
      make: content(await raw().png({ palette: true, colours: 8, dither: 0 }).toBuffer()),
      tolerance: 2,
    },
    {
      name: 'png of grey.png',
      make: content(
        await raw(quarters(QUARTERS.map(luma)))
          .toColourspace('b-w')
          .png()
          .toBuffer(),
      ),
      colours: QUARTERS.map(luma),
    },
    {
      name: 'png of 16 bits grey.png',
      make: content(png16(grey16())),
      colours: [
        [0x40, 0x40, 0x40],
        [0x40, 0x40, 0x40],
        [0xc0, 0xc0, 0xc0],
        [0xc0, 0xc0, 0xc0],
      ],
      tolerance: 1,
    },
    {
      name: 'png of 16 bits colour.png',
      make: content(await raw().toColourspace('rgb16').png().toBuffer()),
      tolerance: 1,
    },
    {
      name: 'png of 1 bit.png',
      make: content(png(pngHeader(SIDE, SIDE, 1, 0), ['IDAT', deflateSync(bits1())], ['IEND', Buffer.alloc(0)])),
      colours: [BLACK, WHITE, BLACK, WHITE],
    },
    {
      name: 'png with alpha.png',
      make: content(await raw(square, 4).png().toBuffer()),
      colours: [RED, RED, WHITE, WHITE],
    },
    {
      name: 'png with a transparent colour.png',
      make: content(pngTransparent()),
      colours: [WHITE, WHITE, BLACK, BLACK],
    },
    { name: 'webp.webp', make: content(await raw().webp({ lossless: true }).toBuffer()) },
    {
      name: 'webp with losses.webp',
      make: content(await raw(quarters(SHADES)).webp({ quality: 100 }).toBuffer()),
      colours: SHADES,
      tolerance: 12,
    },
    {
      name: 'webp with alpha.webp',
      make: content(await raw(square, 4).webp({ lossless: true }).toBuffer()),
      colours: [RED, RED, WHITE, WHITE],
    },
    { name: 'gif.gif', make: content(await raw().gif({ dither: 0 }).toBuffer()), tolerance: 4 },
    { name: 'gif of two frames.gif', make: content(await pages().gif({ dither: 0 }).toBuffer()), tolerance: 4 },
    ...(await Promise.all(
      (['none', 'lzw', 'deflate', 'packbits'] as const).map(async (compression) => ({
        name: `tiff ${compression}.tiff`,
        make: content(await raw().tiff({ compression }).toBuffer()),
      })),
    )),
    { name: 'tiff of two pages.tiff', make: content(await pages().tiff({ compression: 'lzw' }).toBuffer()) },
    {
      name: 'tiff with jpeg inside.tif',
      make: content(await raw().tiff({ compression: 'jpeg', quality: 100 }).toBuffer()),
      tolerance: 30,
    },
    {
      name: 'tiff of 16 bits.tif',
      make: content(await raw().toColourspace('rgb16').tiff({ compression: 'lzw' }).toBuffer()),
      tolerance: 1,
    },
    { name: 'bmp of 1 bit.bmp', make: content(bmp(1)), colours: [RED, GREEN, RED, GREEN] },
    { name: 'bmp of 4 bits.bmp', make: content(bmp(4)) },
    { name: 'bmp of 8 bits.bmp', make: content(bmp(8)) },
    { name: 'bmp of 16 bits.bmp', make: content(bmp(16)), tolerance: 8 },
    { name: 'bmp of 24 bits.bmp', make: content(bmp(24)) },
    { name: 'bmp of 32 bits.bmp', make: content(bmp(32)) },
    { name: 'bmp from above.bmp', make: content(bmp(24, { topDown: true })) },
    { name: 'bmp with an old header.bmp', make: content(bmp(8, { core: true })) },
    { name: 'bmp with a gap before the pixels.dib', make: content(bmp(4, { gap: 12 })) },
    { name: 'bilder \u{1f408} und Katzen äöü.png', make: content(await raw().png().toBuffer()) },
    { name: 'new\nline and <b>&amp;.png', make: content(await raw().png().toBuffer()) },
  ];
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const bytes = await jpeg(raw(quarters(stored[orientation])).withMetadata({ orientation }));
    cases.push({ name: `jpeg turned ${orientation}.jpg`, make: content(bytes), ...near });
  }
  return cases;
}

/** The same with a comment of so many bytes before the picture begins. */
function withComment(jpeg: Buffer, length: number, character = 0x20): Buffer {
  const comment = Buffer.alloc(length + 4, character);
  comment.set([0xff, 0xfe]);
  comment.writeUInt16BE(length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}

function png16(values: Uint16Array): Buffer {
  const rows = Buffer.alloc(SIDE * (SIDE * 2 + 1));
  values.forEach((value, i) => rows.writeUInt16BE(value, Math.floor(i / SIDE) * (SIDE * 2 + 1) + 1 + (i % SIDE) * 2));
  return png(pngHeader(SIDE, SIDE, 16, 0), ['IDAT', deflateSync(rows)], ['IEND', Buffer.alloc(0)]);
}

/** Left half black, right half white, one bit a pixel. */
const bits1 = (): Buffer => Buffer.concat(Array.from({ length: SIDE }, () => Buffer.from([0, 0x00, 0xff])));

/** Grey with one value that is to be transparent (tRNS): above transparent, below black. */
function pngTransparent(): Buffer {
  const rows = Buffer.concat(
    Array.from({ length: SIDE }, (_, y) => Buffer.concat([Buffer.of(0), Buffer.alloc(SIDE, y < SIDE / 2 ? 200 : 0)])),
  );
  return png(
    pngHeader(SIDE, SIDE, 8, 0),
    ['tRNS', Buffer.from([0, 200])],
    ['IDAT', deflateSync(rows)],
    ['IEND', Buffer.alloc(0)],
  );
}

/** @param outside a file beyond the folder of pictures */
export async function badCases(outside: string): Promise<Case[]> {
  const jpeg = await noisy().jpeg().toBuffer();
  const pngBytes = await noisy().png().toBuffer();
  const webp = await noisy().webp().toBuffer();
  const gif = await noisy().gif().toBuffer();
  const tiff = await noisy().tiff({ compression: 'lzw' }).toBuffer();
  const truncated = { reason: 'truncated' };
  const half = (bytes: Buffer): Case['make'] => content(bytes.subarray(0, Math.floor(bytes.length / 2)));
  const isRoot = process.getuid?.() === 0 && 'root may read everything';
  return [
    { name: 'empty.jpg', make: content(''), reason: 'empty file' },
    { name: 'cut off.jpg', make: half(jpeg), ...truncated },
    { name: 'cut off in the header.jpg', make: content(jpeg.subarray(0, 40)), ...truncated },
    {
      name: 'cut off with an end.jpg',
      make: content(Buffer.concat([jpeg.subarray(0, jpeg.length >> 1), Buffer.from([0xff, 0xd9])])),
      reason: 'damaged',
      detail: /missing or wrong/,
    },
    {
      name: 'another picture from the middle on.jpg',
      make: content(Buffer.concat([jpeg.subarray(0, jpeg.length >> 1), jpeg])),
      reason: 'damaged',
      detail: /missing or wrong/,
    },
    {
      name: 'zeros in the middle.jpg',
      make: content(Buffer.from(jpeg).fill(0, jpeg.length >> 1, (jpeg.length >> 1) + 300)),
      reason: 'damaged',
      detail: /zeros/,
    },
    {
      name: 'zeros from the middle on.jpg',
      make: content(Buffer.concat([jpeg.subarray(0, jpeg.length >> 1), Buffer.alloc(jpeg.length)])),
      ...truncated,
    },
    { name: 'no picture behind the header.jpg', make: content(noScan(jpeg)), reason: 'damaged' },
    { name: 'only the first bytes.jpg', make: content(Buffer.from([0xff, 0xd8, 0xff])), ...truncated },
    { name: 'cut off.png', make: half(pngBytes), ...truncated },
    { name: 'wrong checksum.png', make: content(flipped(pngBytes, pngBytes.length >> 1)), reason: 'damaged' },
    { name: 'cut off.webp', make: half(webp), ...truncated },
    { name: 'cut off.gif', make: half(gif), ...truncated },
    { name: 'float32.tif', make: content(tiff32('float', 0.6)), reason: 'unsupported format', detail: /TIFF.*float/ },
    { name: 'uint32.tif', make: content(tiff32('uint', 3e9)), reason: 'unsupported format', detail: /TIFF.*uint/ },
    { name: 'cut off.tif', make: half(tiff), reason: 'damaged' },
    { name: 'cut off.bmp', make: half(bmp(24)), ...truncated },
    { name: 'run-length coded.bmp', make: content(rle(bmp(8))), reason: 'unsupported format', detail: /compressed/ },
    { name: 'of no width.bmp', make: content(noWidth(bmp(24))), reason: 'unsupported format', detail: /0 x 16/ },
    {
      name: 'page not found.jpg',
      make: content('<!DOCTYPE html><html><body>404 Not Found</body></html>'),
      reason: 'not a picture',
      detail: /HTML/,
    },
    {
      name: 'text.png',
      make: content('These are not the pixels that you are looking for.\n'),
      reason: 'not a picture',
      detail: /text/,
    },
    { name: 'noise.jpg', make: content(noise(5000)), reason: 'not a picture', detail: /unknown data/ },
    { name: 'zeros.gif', make: content(Buffer.alloc(5000)), reason: 'not a picture' },
    { name: 'notes.txt', make: content('cats, 2026'), reason: 'not a picture' },
    { name: 'labels.csv', make: content('file,label\n1.jpg,cat\n'), reason: 'not a picture' },
    {
      name: 'really a png.jpg',
      make: content(pngBytes),
      reason: 'mislabelled',
      detail: /says JPEG, the content is PNG/,
    },
    { name: 'really a jpeg.png', make: content(jpeg), reason: 'mislabelled', detail: /says PNG, the content is JPEG/ },
    { name: 'really a webp.jpeg', make: content(webp), reason: 'mislabelled', detail: /WebP/ },
    { name: 'really a jpeg.txt', make: content(jpeg), reason: 'mislabelled', detail: /\.txt/ },
    {
      name: 'drawing.svg',
      make: content(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
      ),
      reason: 'unsupported format',
      detail: /SVG/,
    },
    {
      name: 'drawing with a declaration.svg',
      make: content('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
      reason: 'unsupported format',
      detail: /SVG/,
    },
    { name: 'photo.heic', make: content(isoFile('heic')), reason: 'unsupported format', detail: /HEIC/ },
    { name: 'photo.avif', make: content(isoFile('avif')), reason: 'unsupported format', detail: /AVIF/ },
    {
      name: 'layers.psd',
      make: content(Buffer.concat([Buffer.from('8BPS'), noise(100)])),
      reason: 'unsupported format',
      detail: /PSD/,
    },
    { name: 'scan.pdf', make: content('%PDF-1.7\n'), reason: 'unsupported format', detail: /PDF/ },
    {
      name: 'favicon.ico',
      make: content(Buffer.concat([Buffer.from([0, 0, 1, 0]), noise(100)])),
      reason: 'unsupported format',
      detail: /ICO/,
    },
    { name: 'bomb.png', make: content(pngBomb()), reason: 'too large', detail: /50000 x 50000/ },
    { name: 'bomb.jpg', make: content(giantJpeg(jpeg)), reason: 'too large', detail: /65000 x 65000/ },
    { name: 'bomb.bmp', make: content(giantBmp()), reason: 'too large' },
    { name: 'bomb.gif', make: content(giantGif(gif)), reason: 'too large' },
    { name: '.hidden.jpg', make: content(jpeg), reason: 'hidden file' },
    { name: '._macOS.jpg', make: content(noise(100)), reason: 'hidden file' },
    { name: '.DS_Store', make: content(noise(100)), reason: 'hidden file' },
    { name: 'Thumbs.db', make: content(noise(100)), reason: 'hidden file' },
    { name: 'desktop.ini', make: content('[.ShellClassInfo]'), reason: 'hidden file' },
    { name: 'leads out.jpg', make: (file) => symlinkSync(outside, file), reason: 'link that leads out of the folder' },
    {
      name: 'leads nowhere.jpg',
      make: (file) => symlinkSync(path.join(path.dirname(file), 'nothing'), file),
      reason: 'broken link',
    },
    { name: 'leads to itself.jpg', make: (file) => symlinkSync(file, file), reason: 'broken link' },
    { name: 'leads to a folder', make: (file) => symlinkSync('.', file), reason: 'link to a folder' },
    { name: 'folder.jpg', make: (file) => mkdirSync(file), reason: 'folder with the name of a picture' },
    { name: 'pipe.jpg', make: (file) => execFileSync('mkfifo', [file]), reason: 'not a file', detail: /pipe/ },
    {
      name: 'locked.jpg',
      make: (file) => {
        writeFileSync(file, jpeg);
        chmodSync(file, 0);
      },
      reason: 'no permission',
      unless: isRoot,
    },
    {
      name: 'name in Latin-1',
      make: (file) =>
        writeFileSync(
          Buffer.concat([Buffer.from(`${path.dirname(file)}/`), Buffer.from('caf\xe9.jpg', 'latin1')]),
          jpeg,
        ),
      reason: 'name that is not valid Unicode',
      unless: process.platform === 'darwin' && 'macOS refuses such names',
    },
  ];
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] ^= 0xff;
  return copy;
};

const rle = (bytes: Buffer): Buffer => {
  bytes.writeUInt32LE(1, 30);
  return bytes;
};

const noWidth = (bytes: Buffer): Buffer => {
  bytes.writeInt32LE(0, 18);
  return bytes;
};

const isoFile = (brand: string): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}`), Buffer.alloc(200)]);

function giantJpeg(jpeg: Buffer): Buffer {
  const copy = Buffer.from(jpeg);
  const frame = copy.indexOf(Buffer.from([0xff, 0xc0]));
  copy.writeUInt16BE(65_000, frame + 5);
  copy.writeUInt16BE(65_000, frame + 7);
  return copy;
}

/** Ends where the pixels would begin. */
function noScan(jpeg: Buffer): Buffer {
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  return Buffer.concat([jpeg.subarray(0, scan), Buffer.from([0xff, 0xd9])]);
}

function giantBmp(): Buffer {
  const file = bmp(24);
  file.writeInt32LE(40_000, 18);
  file.writeInt32LE(40_000, 22);
  return file;
}

function giantGif(gif: Buffer): Buffer {
  const copy = Buffer.from(gif);
  copy.writeUInt16LE(60_000, 6);
  copy.writeUInt16LE(60_000, 8);
  const frame = copy.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 64, 0, 64, 0]));
  copy.writeUInt16LE(60_000, frame + 5);
  copy.writeUInt16LE(60_000, frame + 7);
  return copy;
}
