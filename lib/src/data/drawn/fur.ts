import type { Random } from '../../random';
import { happens, oneOf } from './choices';
import { mix, smoothAt, grainAt, type Colour, type Texture } from './photo';
import { near } from './scenery';

/** Colours that both cats and dogs have. */
const furs: readonly Colour[] = [
  [44, 40, 40], [62, 52, 46], [122, 82, 52], [176, 122, 72], [206, 158, 104], [222, 196, 156], [236, 230, 220],
  [150, 146, 142], [104, 102, 106], [92, 72, 58], [190, 104, 52], [214, 206, 196],
];
const whites: readonly Colour[] = [[238, 234, 226], [226, 216, 200]];

/** An animal's fur: its texture and the colours of its parts. */
export interface Coat {
  readonly texture: Texture;
  /** Of chest, paws and muzzle. */
  readonly pale: Texture;
  readonly base: Colour;
  readonly isLong: boolean;
}

/** The patterns are the same for cats and dogs; `size` is the radius of the head in pixels. */
export function growCoat(random: Random, size: number): Coat {
  const base = near(random, furs, 16, 3);
  const isDark = base[0] + base[1] + base[2] < 330;
  const second = happens(random, 0.5) ? near(random, whites, 8, 3) : mix(base, isDark ? [200, 170, 130]
    : [40, 30, 26], random.between(0.3, 0.75));
  const kind = oneOf(random, ['plain', 'plain', 'stripes', 'stripes', 'patches', 'patches', 'spots',
    'shaded'] as const);
  const [offsetX, offsetY] = [random.below(128), random.below(128)];
  const zoom = random.between(10, 22) / size;
  const frequency = random.between(2.2, 4.5) / size;
  const limit = random.between(-0.25, 0.35);
  const isLong = happens(random, 0.4);
  const streak = isLong ? random.between(0.09, 0.17) : random.between(0.04, 0.1);
  const lean = random.between(-0.4, 0.4);
  const textureOf = (from: Colour, to: Colour, strength: number): Texture => (x, y, into) => {
    const soft = smoothAt(x * zoom + offsetX, y * zoom + offsetY);
    let part = 0;
    if (kind === 'stripes') {
      const wave = (x + lean * y) * frequency + 1.1 * soft;
      const at = wave - Math.floor(wave);
      part = Math.min(1, Math.max(0, 2.2 * (at < 0.5 ? at : 1 - at) - 0.25)) * 0.8;
    } else if (kind === 'patches') part = Math.min(1, Math.max(0, (soft - limit) * 9));
    else if (kind === 'spots') part = Math.min(1,
      Math.max(0, (smoothAt(2.6 * zoom * x + offsetY, 2.6 * zoom * y + offsetX) - 0.35) * 7));
    else if (kind === 'shaded') part = Math.min(0.8, Math.max(0, 0.4 + 0.5 * soft));
    part *= strength;
    const light = 1 + streak * grainAt(x + offsetX, (y >> (isLong ? 2 : 1)) + offsetY) + 0.06 * soft;
    into[0] = (from[0] + (to[0] - from[0]) * part) * light;
    into[1] = (from[1] + (to[1] - from[1]) * part) * light;
    into[2] = (from[2] + (to[2] - from[2]) * part) * light;
  };
  const pale = happens(random, 0.5) ? near(random, whites, 8, 3) : mix(base, [236, 220, 196],
    random.between(0.05, 0.4));
  return { texture: textureOf(base, second, 1), pale: textureOf(pale, second, 0.2), base, isLong };
}
