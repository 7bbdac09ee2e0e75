import type { Random } from '../../random';
import { happens, oneOf } from './choices';
import { ellipse, placement, rectangle, smooth, stroke } from './outline';
import { grainAt, mix, smoothAt, type Colour, type Photo } from './photo';

const rooms: readonly Colour[] = [
  [214, 204, 188], [188, 196, 200], [150, 120, 96], [96, 104, 120], [200, 172, 140], [120, 60, 56],
  [70, 90, 130], [226, 226, 222], [52, 48, 50], [160, 168, 130], [196, 160, 170], [40, 130, 140],
];
const floors: readonly Colour[] = [
  [168, 124, 82], [120, 84, 56], [190, 184, 176], [110, 112, 118], [150, 60, 56], [60, 76, 110], [206, 190, 160],
];
const meadows: readonly Colour[] = [[96, 128, 58], [128, 144, 76], [70, 104, 50], [150, 142, 92], [132, 118, 90]];
const skies: readonly Colour[] = [[170, 198, 226], [206, 214, 220], [120, 150, 120], [84, 100, 74], [130, 120, 112]];

/** A colour that is near one of some: standard deviations of its brightness and of each channel. */
export function near(random: Random, choices: readonly Colour[], deviation: number, tint = deviation / 2): Colour {
  const [red, green, blue] = oneOf(random, choices);
  const brightness = deviation * random.normal();
  const shifted = (value: number): number => Math.min(250, Math.max(8, value + brightness + tint * random.normal()));
  return [shifted(red), shifted(green), shifted(blue)];
}

/** One of three tries, the one that differs most from `other`: black cats in dark rooms are rare on photographs too. */
function unlike(other: Colour, random: Random, choices: readonly Colour[]): Colour {
  const distance = (colour: Colour): number => colour.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0);
  const tries = [0, 1, 2].map(() => near(random, choices, 20));
  return tries.reduce((best, colour) => (distance(colour) > distance(best) ? colour : best));
}

/** Where the animal is: a room, a blanket, or outdoors. Says nothing of which animal it is, only of its colour. */
export function paintBackground(photo: Photo, fur: Colour, random: Random): void {
  const { width, height, mask } = photo;
  mask.placement = placement(1, 1, 0, 0, 0, 0);
  const kind = random.fraction();
  const isOutdoors = kind > 0.6;
  const isBlanket = kind < 0.25;
  const above = unlike(fur, random, isOutdoors ? skies : rooms);
  const below = unlike(fur, random, isBlanket ? rooms : isOutdoors ? meadows : floors);
  const horizon = isBlanket ? -1 : height * random.between(0.15, 0.75);
  const tilt = 0.08 * random.normal();
  const [offsetX, offsetY] = [random.below(128), random.below(128)];
  const zoom = random.between(0.35, 1.3);
  const depth = isBlanket ? random.between(10, 34) : random.between(4, 20);
  const rough = isOutdoors ? random.between(8, 26) : random.between(1, 9);
  const check = isBlanket && happens(random, 0.35) ? random.between(9, 30) : 0;
  const plank = !isBlanket && !isOutdoors && happens(random, 0.5) ? random.between(6, 18) : 0;
  photo.cover((x, y, into) => {
    const isBelow = y > horizon + tilt * x;
    const colour = isBelow ? below : above;
    let light = depth * smoothAt(x * zoom + offsetX, y * zoom * (isBelow ? 2 : 1) + offsetY);
    light += (isBelow ? rough : rough * 0.35) * grainAt(x, (y >> 1) + offsetY);
    if (check > 0 && ((x % check) * 2 < check) !== ((y % check) * 2 < check)) light -= 26;
    if (plank > 0 && isBelow && y % plank < 1) light -= 30;
    into[0] = colour[0] + light;
    into[1] = colour[1] + light;
    into[2] = colour[2] + light;
  });
  const things = random.below(isBlanket ? 2 : 3);
  for (let i = 0; i < things; i++) {
    const [x, y] = [random.between(0, width), horizon > 0 ? horizon * random.between(0.2, 1.1) : random.between(0,
      height)];
    const size = random.between(0.06, 0.3) * width;
    const colour = near(random, isOutdoors ? meadows : rooms, 34);
    const shape = random.below(4);
    if (shape === 0) photo.paint([rectangle(x - size, y - size * 1.3, x + size, y + size * 0.3)], colour, 0.9);
    else if (shape === 1) photo.paint([ellipse(x, y, size, size * random.between(0.4, 1))], colour, 0.85);
    else if (shape === 2) photo.paint(stroke([x, 0, x + size * 0.3, height], size * 0.3), colour, 0.8);
    else photo.paint([[x, y - size, x + size, y + size, x - size, y + size]], colour, 0.8);
  }
  if (!isBlanket && happens(random, 0.15)) {
    const step = random.between(7, 22);
    for (let x = random.between(0, step); x < width; x += step) photo.paint(stroke([x, 0, x, height], 1.4),
      [60, 60, 64], 0.6);
  }
}

/** What is in front of the animal, now and then. */
export function paintForeground(photo: Photo, random: Random): void {
  const { width, height, mask } = photo;
  mask.placement = placement(1, 1, 0, 0, 0, 0);
  const kind = random.fraction();
  if (kind < 0.1) {
    const colour = near(random, rooms, 26);
    const edge = height * random.between(0.78, 0.94);
    photo.paint([[0, edge, width, edge + 0.06 * height * random.normal(), width, height, 0, height]], colour, 0.97);
  } else if (kind < 0.18) {
    const colour = near(random, meadows, 24);
    for (let i = 0; i < 26; i++) {
      const x = random.between(0, width);
      const tip = height * random.between(0.72, 0.95);
      photo.paint(stroke([x, height, x + 0.04 * width * random.normal(), tip], 2.6, 0.6), mix(colour, [20, 30, 10],
        0.5 * random.fraction()), 0.9);
    }
  } else if (kind < 0.26) {
    const colour = near(random, rooms, 40);
    const size = width * random.between(0.06, 0.13);
    const [x, y] = [random.between(0.1, 0.9) * width, height * random.between(0.84, 0.96)];
    photo.paint([ellipse(x, y, size)], colour);
    photo.paint([ellipse(x - size * 0.3, y - size * 0.35, size * 0.25)], mix(colour, [255, 255, 255], 0.7), 0.8);
  } else if (kind < 0.32) {
    const side = random.below(2) ? 1 : 0;
    const colour = near(random, rooms, 26);
    const x = side * width;
    const reach = (side ? -1 : 1) * width * random.between(0.08, 0.22);
    const line = smooth([x, height * 0.3, x + reach, height * 0.55, x + reach * 0.8, height * 0.8, x, height], false);
    photo.paint([line], colour, 0.97);
  }
}
