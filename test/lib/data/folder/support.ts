import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { quarters, SIDE } from './corpus';

export type Colour = readonly [number, number, number];

/** A PNG of one colour. */
export const plainPng = (colour: Colour, width = SIDE, height = SIDE): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r: colour[0], g: colour[1], b: colour[2] } } })
    .png()
    .toBuffer();

export const quartersPng = (): Promise<Buffer> =>
  sharp(quarters(), { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toBuffer();

/** Writes pictures, each of a colour of its own: red is the number of its class, green its own. */
export async function writeFolder(folder: string, counts: Readonly<Record<string, number>>): Promise<void> {
  for (const [label, [name, count]] of Object.entries(counts).entries()) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++)
      writeFileSync(path.join(folder, name, `${String(i).padStart(3, '0')}.png`), await plainPng([label, i, 7]));
  }
}
