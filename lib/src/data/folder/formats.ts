/**
 * What a file is, told by its first bytes and never by its name, and what must be known of a picture before it is
 * decoded: its size, and whether the fast decoder does it right.
 *
 * Sources: ITU-T T.81 (JPEG), W3C "Portable Network Graphics, third edition" (PNG), the EXIF 2.32 standard
 * (orientation).
 */

/** Formats that are read. */
export type PictureFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'BMP';

/** Formats that are recognised, so that the reason can name them, and not read. */
export type OtherFormat = 'HEIC' | 'AVIF' | 'SVG' | 'PSD' | 'JPEG XL' | 'JPEG 2000' | 'ICO' | 'PDF';

const extensions: Readonly<Record<PictureFormat, readonly string[]>> = {
  JPEG: ['jpg', 'jpeg', 'jpe', 'jfif'],
  PNG: ['png'],
  WebP: ['webp'],
  GIF: ['gif'],
  TIFF: ['tif', 'tiff'],
  BMP: ['bmp', 'dib'],
};

const formatOfExtension = new Map(
  Object.entries(extensions).flatMap(([format, list]) => list.map((extension) => [extension, format as PictureFormat])),
);

/** The format that a name promises; undefined for a name without an extension of a picture. */
export const formatOfName = (name: string): PictureFormat | undefined => formatOfExtension.get(extensionOf(name));

/** In small letters, without the dot; '' if there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

const startsWith = (bytes: Buffer, text: string, at = 0): boolean =>
  bytes.toString('latin1', at, at + text.length) === text;

/** The format of a file's content; undefined if it is none that is known. */
export function formatOfContent(bytes: Buffer): PictureFormat | OtherFormat | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'JPEG';
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n')) return 'PNG';
  if (startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')) return 'GIF';
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return 'WebP';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => startsWith(bytes, magic))) return 'TIFF';
  if (
    startsWith(bytes, 'BM') &&
    bytes.length >= 26 &&
    [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes.readUInt32LE(14))
  )
    return 'BMP';
  if (startsWith(bytes, 'ftyp', 4)) {
    const brand = bytes.toString('latin1', 8, 12);
    return brand === 'avif' || brand === 'avis' ? 'AVIF' : /^(hei|hev|mif|msf)/.test(brand) ? 'HEIC' : undefined;
  }
  if (startsWith(bytes, '8BPS')) return 'PSD';
  if (startsWith(bytes, '\xff\x0a') || startsWith(bytes, 'JXL ', 4)) return 'JPEG XL';
  if (startsWith(bytes, 'jP  ', 4)) return 'JPEG 2000';
  if (startsWith(bytes, '\0\0\x01\0')) return 'ICO';
  if (startsWith(bytes, '%PDF')) return 'PDF';
  if (/^(?:\ufeff|\xef\xbb\xbf)?\s*<(?:svg|\?xml[^]*<svg)/i.test(bytes.toString('latin1', 0, 1000))) return 'SVG';
  return undefined;
}

/** Says what a file without a known format seems to be: `HTML`, `text` or `unknown data`. */
export function kindOfContent(bytes: Buffer): string {
  const start = bytes.subarray(0, 1000);
  if (/^\s*<(?:!doctype html|html|head|body)/i.test(start.toString('latin1'))) return 'HTML';
  const isText = start.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
  return isText ? 'text' : 'unknown data';
}

export interface Header {
  readonly width: number;
  readonly height: number;
  /**
   * Whether TensorFlow decodes the picture just as the reference decoder would: grey or RGB of 8 bits, upright, without
   * alpha and without a colour profile.
   */
  readonly isPlain: boolean;
  /** Whether it has no colour. */
  readonly isGrey: boolean;
}

/** The size of a JPEG or PNG and whether it is plain; undefined if the header is damaged. */
export function readHeader(bytes: Buffer, format: 'JPEG' | 'PNG'): Header | undefined {
  return format === 'JPEG' ? readJpegHeader(bytes) : readPngHeader(bytes);
}

function readJpegHeader(bytes: Buffer): Header | undefined {
  let isPlain = true;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      if (at + 10 > bytes.length) return undefined;
      const components = bytes[at + 9];
      // Baseline, extended and progressive with Huffman codes.
      if (marker > 0xc2 || bytes[at + 4] !== 8 || (components !== 1 && components !== 3)) isPlain = false;
      return {
        height: bytes.readUInt16BE(at + 5),
        width: bytes.readUInt16BE(at + 7),
        isPlain,
        isGrey: components === 1,
      };
    }
    const content = at + 4;
    if (marker === 0xe1 && startsWith(bytes, 'Exif\0\0', content)) {
      const orientation = exifOrientation(bytes.subarray(content + 6, at + 2 + length));
      if (orientation !== undefined && orientation !== 1) isPlain = false;
    }
    if (marker === 0xe2 && startsWith(bytes, 'ICC_PROFILE\0', content)) isPlain = false;
    at += 2 + length;
  }
  return undefined;
}

/** 1 to 8, as EXIF numbers the ways in which a camera can be held; undefined if it is not said. */
function exifOrientation(tiff: Buffer): number | undefined {
  if (tiff.length < 8) return undefined;
  const little = tiff[0] === 0x49;
  const uint16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return undefined;
  const count = uint16(directory);
  for (let i = 0, at = directory + 2; i < count && at + 12 <= tiff.length; i++, at += 12) {
    if (uint16(at) === 0x0112) return uint16(at + 8);
  }
  return undefined;
}

function readPngHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < 33 || !startsWith(bytes, 'IHDR', 12)) return undefined;
  const [bitDepth, colourType] = [bytes[24], bytes[25]];
  // Grey, RGB and palette; the others have alpha.
  let isPlain = bitDepth <= 8 && [0, 2, 3].includes(colourType);
  for (let at = 33; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') break;
    if (type === 'tRNS' || type === 'iCCP' || type === 'eXIf') isPlain = false;
  }
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), isPlain, isGrey: colourType === 0 };
}

/**
 * Whether a file ends as its format wants it: a cheap sign that it is not truncated. True where the format has no such
 * sign (TIFF), or its own decoder tells (BMP).
 */
export function hasEnd(bytes: Buffer, format: PictureFormat): boolean {
  switch (format) {
    // Some cameras write more behind the end of the image.
    case 'JPEG':
      if (bytes[bytes.length - 2] === 0xff && bytes[bytes.length - 1] === 0xd9) return bytes.length >= 4;
      return bytes.lastIndexOf('\xff\xd9', undefined, 'latin1') >= Math.max(2, bytes.length - 4096);
    case 'PNG':
      return startsWith(bytes, 'IEND', bytes.length - 8);
    case 'GIF':
      return bytes[bytes.length - 1] === 0x3b;
    case 'WebP':
      return bytes.length >= 8 + bytes.readUInt32LE(4);
    default:
      return true;
  }
}

/** Whether a JPEG is one whose copying or downloading was broken off after its whole length had been set aside. */
export const endsInZeros = (bytes: Buffer): boolean =>
  bytes.length > 64 &&
  bytes[bytes.length - 1] === 0 &&
  bytes.subarray(-64).every((byte) => byte === 0) &&
  !hasEnd(bytes, 'JPEG');

const ZEROS = Buffer.alloc(64);
/** "End of block" among the symbols of a Huffman table: the rest of a block of 8 x 8 pixels is plain. */
const END_OF_BLOCK = 0;

/**
 * Whether a stretch of the picture within a JPEG was overwritten with zeros, as a download with gaps leaves them. The
 * code of zeros alone stands for the first symbol of a table. Where that is "end of block", a plain area is a run of
 * zeros; otherwise so many of them mean blocks in which all details are there and all are equal, which no picture has.
 * Progressive JPEGs have other symbols, and are not looked at.
 */
export function hasHoleOfZeros(bytes: Buffer): boolean {
  // Nearly all files have none. Others have them in what a camera has noted.
  if (!bytes.includes(ZEROS)) return false;
  const firstSymbols = new Map<number, number>();
  for (let at = 2; at + 8 <= bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1];
    if (marker === 0xc2) return false;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === 0xc4) {
      for (let table = at + 4; table + 17 < Math.min(end, bytes.length);) {
        firstSymbols.set(bytes[table], bytes[table + 17]);
        table += 17 + bytes.subarray(table + 1, table + 17).reduce((sum, count) => sum + count, 0);
      }
    }
    if (marker === 0xda) {
      // The table of the first component's details: brightness.
      const symbol = firstSymbols.get(0x10 | (bytes[at + 6] & 15));
      if (symbol === undefined || symbol === END_OF_BLOCK) return false;
      const hole = bytes.indexOf(ZEROS, end);
      const pictureEnd = bytes.indexOf('\xff\xd9', end, 'latin1');
      return hole >= 0 && (pictureEnd < 0 || hole < pictureEnd);
    }
  }
  return false;
}
