// @ts-check

const { arrayOf } = require('../../arrays');

/** More pixels than this are refused, as in the notebooks. */
const MOST_PIXELS = 100_000_000;

/**
 * Reads a picture that was opened, dropped or pasted; turned as its camera noted.
 *
 * @param {Blob} file
 * @returns {Promise<import('ndarray').NdArray<Uint8Array>>} `[height, width, 4]`
 */
exports.readPhoto = async (file) => {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    const what = file instanceof File ? `“${file.name}”` : 'What was given';
    throw new Error(`${what} cannot be read as a picture. Browsers read JPEG, PNG, WebP, GIF and BMP: open it in a ` +
      'picture program, and save it as one of them.');
  }
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) {
    throw new Error(`The picture has ${width} × ${height} pixels, more than 100 million. Make it smaller in a ` +
      'picture program.');
  }
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('The browser has no memory for a picture of this size. Make it smaller.');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return arrayOf(new Uint8Array(data.buffer), [height, width, 4]);
};
