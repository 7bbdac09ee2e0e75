/**
 * BMP pictures without compression: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits, from below or from above. The
 * decoder of the library knows no BMP, and the npm packages that do stop at odd widths or ignore where the pixels
 * begin.
 *
 * Source: Microsoft, "Bitmap storage" (BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER).
 */

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly pixelsAt: number;
  readonly paletteAt: number;
  readonly paletteStep: number;
}

/** Compressions: none, and none with masks that say which bits are which colour. */
const [NONE, BIT_FIELDS, ALPHA_BIT_FIELDS] = [0, 3, 6];

/** @throws RangeError if the header is cut off */
export function readBmpHeader(bytes: Buffer): BmpHeader {
  const pixelsAt = bytes.readUInt32LE(10);
  const size = bytes.readUInt32LE(14);
  if (size === 12) {
    const [width, height, bits] = [bytes.readUInt16LE(18), bytes.readUInt16LE(20), bytes.readUInt16LE(24)];
    return { width, height, isTopDown: false, bits, compression: NONE, pixelsAt, paletteAt: 26, paletteStep: 3 };
  }
  const height = bytes.readInt32LE(22);
  const compression = size >= 40 ? bytes.readUInt32LE(30) : NONE;
  const masks = size === 40 ? ({ [BIT_FIELDS]: 12, [ALPHA_BIT_FIELDS]: 16 }[compression] ?? 0) : 0;
  return {
    width: bytes.readInt32LE(18),
    height: Math.abs(height),
    isTopDown: height < 0,
    bits: bytes.readUInt16LE(28),
    compression,
    pixelsAt,
    paletteAt: 14 + size + masks,
    paletteStep: 4,
  };
}

/** Why this picture cannot be read, if so. */
export function bmpProblem({ bits, compression, width, height }: BmpHeader): string | undefined {
  if (width < 1 || height < 1) return `a picture of ${width} x ${height} pixels`;
  if (![1, 4, 8, 16, 24, 32].includes(bits)) return `BMP with ${bits} bits a pixel`;
  if (compression === NONE || ((compression === BIT_FIELDS || compression === ALPHA_BIT_FIELDS) && bits >= 16))
    return undefined;
  return 'BMP with compressed pixels';
}

/**
 * The pixels of a BMP that `bmpProblem` has nothing against, as RGBA, row by row from above.
 *
 * @throws RangeError if the file is cut off
 */
export function decodeBmp(bytes: Buffer): Uint8Array {
  const header = readBmpHeader(bytes);
  const { width, height, isTopDown, bits, pixelsAt } = header;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (pixelsAt + rowBytes * height > bytes.length) {
    throw new RangeError(`got ${bytes.length} bytes, expected ${pixelsAt + rowBytes * height}`);
  }
  const pixels = new Uint8Array(width * height * 4);
  const pixelAt = bits <= 8 ? paletteReader(bytes, header) : bits === 24 ? readRgb(bytes) : maskReader(bytes, header);
  for (let y = 0; y < height; y++) {
    const row = pixelsAt + (isTopDown ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++) pixelAt(row, x, pixels, (y * width + x) * 4);
  }
  return pixels;
}

type ReadPixel = (row: number, x: number, pixels: Uint8Array, to: number) => void;

const OPAQUE = 255;

function paletteReader(bytes: Buffer, { bits, paletteAt, paletteStep, pixelsAt }: BmpHeader): ReadPixel {
  const colours = Math.max(0, Math.floor((Math.min(pixelsAt, bytes.length) - paletteAt) / paletteStep));
  const perByte = 8 / bits;
  return (row, x, pixels, to) => {
    const shift = 8 - bits * ((x % perByte) + 1);
    const index = (bytes[row + Math.floor(x / perByte)] >> shift) & ((1 << bits) - 1);
    pixels[to + 3] = OPAQUE;
    if (index >= colours) return;
    const from = paletteAt + index * paletteStep;
    [pixels[to], pixels[to + 1], pixels[to + 2]] = [bytes[from + 2], bytes[from + 1], bytes[from]];
  };
}

const readRgb =
  (bytes: Buffer): ReadPixel =>
  (row, x, pixels, to) => {
    const from = row + x * 3;
    [pixels[to], pixels[to + 1], pixels[to + 2], pixels[to + 3]] = [
      bytes[from + 2],
      bytes[from + 1],
      bytes[from],
      OPAQUE,
    ];
  };

function maskReader(bytes: Buffer, { bits, compression }: BmpHeader): ReadPixel {
  const masksAt = 54;
  const hasAlpha = compression === ALPHA_BIT_FIELDS || (compression === BIT_FIELDS && bytes.readUInt32LE(14) >= 56);
  const masks =
    compression !== NONE
      ? [0, 1, 2].map((i) => bytes.readUInt32LE(masksAt + 4 * i))
      : bits === 16
        ? [0x7c00, 0x03e0, 0x001f]
        : [0xff0000, 0xff00, 0xff];
  const channels = [...masks, hasAlpha ? bytes.readUInt32LE(masksAt + 12) : 0].map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, shift, largest: mask >>> shift };
  });
  return (row, x, pixels, to) => {
    const value = bits === 16 ? bytes.readUInt16LE(row + x * 2) : bytes.readUInt32LE(row + x * 4);
    channels.forEach(({ mask, shift, largest }, i) => {
      const part = (value & mask) >>> shift;
      pixels[to + i] = largest === 0 ? (i === 3 ? OPAQUE : 0) : Math.round((part * 255) / largest);
    });
  };
}
