import type { Random } from '../../random';
import { happens, oneOf } from './choices';
import { growCoat, type Coat } from './fur';
import { ellipse, jitter, mirrored, placement, smooth, stroke, type Outline } from './outline';
import { mix, Photo, type Colour } from './photo';
import { near, paintBackground, paintForeground } from './scenery';

/** A colour picture, `[height, width, 3]` bytes. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What tells cats and dogs apart is the build alone; all lengths are in radii of the head. */
interface Build {
  readonly ears: 'pointed' | 'hanging' | 'folded';
  readonly earLength: number;
  readonly earWidth: number;
  /** Half the width of the jaw and how far down it goes; half the width of the muzzle, and its length from the side. */
  readonly jaw: number;
  readonly chin: number;
  readonly muzzle: number;
  readonly snout: number;
  readonly eye: number;
  readonly hasSlits: boolean;
  readonly nose: number;
  readonly whiskers: number;
  readonly hasTongue: boolean;
  /** Half the width of the body, length of the legs; length and width of the tail, and how far it bends up. */
  readonly girth: number;
  readonly legs: number;
  readonly legWidth: number;
  readonly tail: number;
  readonly tailWidth: number;
}

const buildCat = (random: Random): Build => ({
  ears: happens(random, 0.93) ? 'pointed' : 'folded',
  earLength: random.between(0.62, 1),
  earWidth: random.between(0.5, 0.72),
  jaw: random.between(0.78, 1),
  chin: random.between(0.74, 0.92),
  muzzle: random.between(0.26, 0.4),
  snout: random.between(0.12, 0.32),
  eye: random.between(0.18, 0.27),
  hasSlits: happens(random, 0.6),
  nose: random.between(0.09, 0.14),
  whiskers: happens(random, 0.85) ? random.between(0.7, 1.2) : 0,
  hasTongue: happens(random, 0.04),
  girth: random.between(0.85, 1.2),
  legs: random.between(1.2, 1.9),
  legWidth: random.between(0.34, 0.5),
  tail: random.between(2.2, 3.6),
  tailWidth: random.between(0.22, 0.4),
});

const buildDog = (random: Random): Build => {
  const ears = oneOf(random, ['hanging', 'hanging', 'hanging', 'folded', 'folded', 'pointed'] as const);
  return {
    ears,
    earLength: ears === 'hanging' ? random.between(0.9, 1.7) : random.between(0.55, 1.1),
    earWidth: random.between(0.4, 0.68),
    jaw: random.between(0.58, 0.86),
    chin: random.between(0.92, 1.25),
    muzzle: random.between(0.36, 0.56),
    snout: random.between(0.55, 1.05),
    eye: random.between(0.11, 0.18),
    hasSlits: false,
    nose: random.between(0.16, 0.25),
    whiskers: happens(random, 0.1) ? random.between(0.4, 0.6) : 0,
    hasTongue: happens(random, 0.4),
    girth: random.between(0.85, 1.4),
    legs: random.between(1.5, 2.5),
    legWidth: random.between(0.36, 0.6),
    tail: random.between(0.6, 2.2),
    tailWidth: random.between(0.2, 0.45),
  };
};

const eyeColours: readonly Colour[] = [[196, 170, 60], [130, 160, 80], [120, 76, 40], [90, 58, 36], [120, 160, 190]];
const dark: Colour = [24, 20, 20];
const white: Colour = [250, 248, 244];
const pink: Colour = [214, 140, 136];
const tongue: Colour = [216, 96, 104];

/** One animal in one photograph: draws its parts about the middle of its head. */
class Animal {
  private readonly eyeColour: Colour;
  private readonly noseColour: Colour;
  private readonly earColour: Colour;
  private readonly innerEar: Colour;
  private readonly collar: Colour | undefined;

  constructor(
    private readonly photo: Photo,
    private readonly build: Build,
    private readonly random: Random,
    private readonly coat: Coat,
  ) {
    this.eyeColour = near(random, eyeColours, 12);
    this.noseColour = happens(random, 0.35) ? near(random, [pink], 14) : near(random, [[44, 36, 36]], 10);
    this.earColour = happens(random, 0.5) ? mix(this.coat.base, dark, 0.35) : this.coat.base;
    this.innerEar = mix(this.coat.base, pink, random.between(0.2, 0.7));
    this.collar = happens(random, 0.3) ? near(random, [[180, 40, 40], [40, 70, 160], [40, 130, 80], [220, 120, 160],
      [30, 30, 34]], 16) : undefined;
  }

  /** Fur ends raggedly, long fur more so. */
  private fur(outline: Outline, brightness = 1, isPale = false): void {
    const ragged = this.coat.isLong ? jitter(outline, 0.03, this.random) : outline;
    this.photo.wrap([ragged], isPale ? this.coat.pale : this.coat.texture, 0.5, brightness);
  }

  private limb(line: Outline, width: number, end: number, brightness = 1): void {
    const curve = smooth(line, false);
    const [x, y] = curve.slice(-2);
    this.photo.wrap([...stroke(curve, width, end), ellipse(x, y, end / 2), ellipse(curve[0], curve[1], width / 2)],
      this.coat.texture, 0.35, brightness);
  }

  /** Along one line, like a crease or a closed mouth. */
  private crease(line: Outline, width: number, opacity: number): void {
    this.photo.paint(stroke(line, width), dark, opacity);
  }

  frontHead(): void {
    const { build, photo, random } = this;
    const { jaw, chin, muzzle } = build;
    const yaw = 0.16 * random.normal();
    const pitch = 0.09 * random.normal();
    if (build.ears !== 'hanging') this.uprightEars(yaw);
    const left = [-0.35, -0.92, -0.78, -0.62, -0.97 + 0.1 * (1 - jaw), -0.08, -jaw, 0.4, -jaw * 0.55, chin * 0.86,
      -0.12, chin];
    this.fur(smooth(mirrored(left, 0), true, 3));
    if (build.ears === 'hanging') this.hangingEars();
    if (happens(random, 0.3)) {
      this.fur([-0.12 + yaw, -0.9, 0.12 + yaw, -0.9, 0.2 + yaw, 0.3, -0.2 + yaw, 0.3], 1, true);
    }
    const muzzleAt = 0.36 + pitch + (chin - 0.8) * 0.5;
    const x = yaw * 1.6;
    // Two round cheeks for short muzzles, one long box for long ones.
    if (build.snout < 0.5) {
      for (const way of [-1, 1]) this.fur(ellipse(x + way * muzzle * 0.5, muzzleAt + 0.1, muzzle * 0.62,
        muzzle * 0.5), 1.03, true);
    } else {
      this.fur(smooth([x - muzzle * 0.8, muzzleAt - 0.5, x + muzzle * 0.8, muzzleAt - 0.5, x + muzzle, muzzleAt + 0.2,
        x + muzzle * 0.5, muzzleAt + 0.55, x - muzzle * 0.5, muzzleAt + 0.55, x - muzzle, muzzleAt + 0.2], true),
        1.06, true);
    }
    const eyesAt = -0.12 + pitch - (build.snout < 0.5 ? 0 : 0.1);
    const apart = build.snout < 0.5 ? 0.44 : 0.37;
    const isShut = happens(random, 0.07);
    for (const way of [-1, 1]) {
      const eyeX = yaw + way * apart;
      if (isShut) this.crease(smooth([eyeX - 0.2, eyesAt, eyeX, eyesAt + 0.08, eyeX + 0.2, eyesAt], false), 0.06, 0.9);
      else this.eye(eyeX, eyesAt, build.eye);
    }
    const noseAt = muzzleAt - (build.snout < 0.5 ? 0.12 : 0.2);
    const nose = build.nose;
    photo.paint([smooth([x - nose, noseAt - nose * 0.6, x + nose, noseAt - nose * 0.6, x + nose * 0.5,
      noseAt + nose * 0.6, x - nose * 0.5, noseAt + nose * 0.6], true)], this.noseColour);
    photo.paint([ellipse(x - nose * 0.3, noseAt - nose * 0.4, nose * 0.25)], white, 0.5);
    const lip = noseAt + nose + 0.16;
    this.crease([x, noseAt + nose * 0.5, x, lip], 0.045, 0.75);
    for (const way of [-1, 1]) this.crease(smooth([x, lip, x + way * muzzle * 0.45, lip + 0.1,
      x + way * muzzle * 0.85, lip - 0.02], false), 0.05, 0.75);
    if (build.hasTongue) photo.paint([smooth([x - 0.15, lip + 0.03, x + 0.15, lip + 0.03, x + 0.17, lip + 0.4, x,
      lip + 0.52, x - 0.17, lip + 0.4], true)], tongue);
    if (build.whiskers > 0) this.whiskers(x, muzzleAt, muzzle);
  }

  private uprightEars(yaw: number): void {
    const { build, photo, random } = this;
    const lean = random.between(-0.05, 0.3);
    for (const way of [-1, 1]) {
      const base = way * 0.62 + yaw * 0.4;
      const tipX = base + way * (0.12 + lean * build.earLength);
      const tipY = -0.62 - build.earLength;
      const width = build.earWidth * (1 + way * yaw) * 0.62;
      const ear = [base - width, -0.62, base - width * 0.5, (tipY - 0.62) / 2, tipX - 0.06, tipY, tipX + 0.06, tipY,
        base + width * 0.62, (tipY - 0.5) / 2, base + width, -0.35];
      photo.wrap([ear], this.coat.texture, 0.2, 0.86);
      if (build.ears === 'folded') {
        photo.paint([[base - width * 0.9, -0.62 - build.earLength * 0.55, tipX, tipY - 0.02,
          base + way * (0.25 + width), -0.5, base + way * 0.1, -0.5 - build.earLength * 0.2]], this.earColour);
      } else photo.paint([[base - width * 0.55, -0.66, tipX, tipY + build.earLength * 0.22, base + width * 0.6,
        -0.45]], this.innerEar, 0.85);
    }
  }

  private hangingEars(): void {
    const { build, photo, random } = this;
    const out = random.between(0, 0.35);
    for (const way of [-1, 1]) {
      const x = (value: number): number => way * value;
      const end = -0.65 + build.earLength * random.between(0.9, 1.1);
      const width = build.earWidth;
      const ear = smooth([x(0.45), -0.82, x(0.82 + out * 0.5), -0.7, x(0.9 + width * 0.5 + out), -0.1,
        x(0.86 + width * 0.4 + out), end, x(0.8 + out * 0.4), end + 0.05, x(0.66), -0.2], true);
      photo.paint([ear], this.earColour);
      photo.wrap([ear], this.coat.texture, 0.4, this.earColour === this.coat.base ? 0.85 : 0.62);
      this.crease([x(0.5), -0.76, x(0.68), -0.2, x(0.78 + out * 0.4), end - 0.1], 0.04, 0.4);
    }
  }

  private eye(x: number, y: number, size: number): void {
    const { photo, build, random } = this;
    photo.paint([ellipse(x, y, size * 1.18, size * (build.hasSlits ? 0.95 : 1.05))], dark, 0.85);
    photo.paint([ellipse(x, y, size, size * (build.hasSlits ? 0.8 : 0.9))], this.eyeColour);
    if (build.hasSlits) photo.paint([ellipse(x, y, size * 0.24, size * 0.74)], dark);
    else photo.paint([ellipse(x, y, size * 0.62)], dark);
    photo.paint([ellipse(x - size * 0.3, y - size * 0.3, size * random.between(0.15, 0.28))], white);
  }

  private whiskers(x: number, y: number, muzzle: number): void {
    const { photo, build, random } = this;
    const colour = this.coat.base[0] > 150 && happens(random, 0.4) ? dark : white;
    for (const way of [-1, 1]) {
      for (const up of [-0.16, 0.02, 0.2]) {
        const beginX = x + way * muzzle * 0.5;
        photo.paint(stroke([beginX, y + 0.08 + up * 0.3, beginX + way * build.whiskers,
          y + up + 0.06 * random.normal()], 0.035, 0.015), colour, 0.75);
      }
    }
  }

  /** From the side, looking left. */
  sideHead(): void {
    const { build, photo } = this;
    const reach = 0.82 + build.snout;
    const high = build.muzzle * 0.88;
    const low = 0.32;
    const ear = [0.05, -0.7, 0.3, -0.75 - build.earLength, 0.42, -0.7 - build.earLength * 0.8, 0.72, -0.4];
    if (build.ears !== 'hanging') photo.wrap([ear.map((value, i) => (i % 2 === 0 ? value - 0.28 : value))],
      this.coat.texture, 0.2, 0.72);
    this.fur(
      smooth([
        ...[0.1, -0.88, 0.75, -0.6, 0.98, 0.05, 0.7, 0.7, 0.05, 0.84, -0.6, 0.72],
        ...[-reach + 0.1, low + high * 0.75, -reach, low - high * 0.2, -reach + 0.18, low - high * 0.75, -0.72,
          low - high * 1.05, -0.6, -0.45],
      ], true),
    );
    this.fur(ellipse(-reach * 0.72, low + high * 0.1, reach * 0.26, high * 0.75), 1.05, true);
    photo.paint([ellipse(-reach + 0.02, low - high * 0.4, build.nose * 0.9, build.nose * 0.75)], this.noseColour);
    this.crease(smooth([-reach + 0.1, low + high * 0.25, -reach * 0.7, low + high * 0.5, -0.42, low + high * 0.42],
      false), 0.05, 0.75);
    this.eye(-0.38, -0.2, build.eye * 0.85);
    if (build.hasTongue) photo.paint([smooth([-reach + 0.2, low + high * 0.35, -reach + 0.48, low + high * 0.5,
      -reach + 0.42, low + high + 0.25, -reach + 0.22, low + high + 0.3], true)], tongue);
    if (build.whiskers > 0) {
      for (const up of [-0.12, 0.05, 0.2]) photo.paint(stroke([-reach * 0.8, low + up * 0.3,
        -reach * 0.8 + 0.4 * build.whiskers, low + 0.2 + up * 1.6], 0.035, 0.015), white, 0.7);
    }
    if (build.ears === 'hanging') {
      const end = -0.5 + build.earLength;
      const hanging = smooth([0.1, -0.7, 0.6, -0.55, 0.75 + build.earWidth * 0.3, 0, 0.55, end, 0.25, end - 0.05,
        0.12, -0.1], true);
      photo.paint([hanging], this.earColour);
      photo.wrap([hanging], this.coat.texture, 0.4, 0.72);
    } else if (build.ears === 'folded') {
      photo.wrap([ear], this.coat.texture, 0.2, 0.9);
      photo.paint([[0, -0.65 - build.earLength * 0.5, 0.36, -0.75 - build.earLength, 0.5, -0.5, 0.1, -0.3]],
        this.earColour);
    } else {
      photo.wrap([ear], this.coat.texture, 0.2, 0.9);
      photo.paint([[0.16, -0.72, 0.31, -0.65 - build.earLength * 0.75, 0.5, -0.6]], this.innerEar, 0.7);
    }
  }

  head(): void {
    if (happens(this.random, 0.22)) this.sideHead();
    else this.frontHead();
  }

  private neckBand(y: number, width: number): void {
    if (this.collar) this.photo.paint(stroke(smooth([-width, y - 0.12, 0, y + 0.12, width, y - 0.12], false), 0.2),
      this.collar);
  }

  closeUp(): void {
    const { girth } = this.build;
    this.fur(smooth([-0.6, 0.3, 0.6, 0.3, 0.9 + girth * 0.3, 1.6, 1 + girth * 0.7, 4, -1 - girth * 0.7, 4,
      -0.9 - girth * 0.3, 1.6], true), 0.88);
    if (happens(this.random, 0.5)) this.fur(ellipse(0, 2.2, 0.5, 1.3), 0.92, true);
    this.neckBand(1.12, 0.85);
    this.head();
  }

  sitting(): void {
    const { build, random } = this;
    const ground = 2 + build.legs * 1.3;
    const hips = build.girth * 1.2 + 0.1;
    const way = random.below(2) ? 1 : -1;
    const tailEnd = build.tail * 0.55;
    this.limb([way * hips * 0.7, ground - 0.4, way * (hips + tailEnd * 0.5), ground - 0.2,
      way * (hips + tailEnd * 0.75), ground - tailEnd * 0.5, way * (hips + tailEnd * 0.5), ground - tailEnd],
      build.tailWidth * 1.2, build.tailWidth * 0.8, 0.85);
    this.fur(smooth(mirrored([-0.5, 0.3, -0.6 * build.girth - 0.1, 1.1, -0.85 * build.girth, 1.9, -hips, ground - 0.9,
      -hips * 0.95, ground], 0), true), 0.92);
    for (const side of [-1, 1]) this.fur(ellipse(side * hips * 0.75, ground - 0.55, hips * 0.42, 0.62), 0.86);
    if (happens(random, 0.5)) this.fur(ellipse(0, 1.7, 0.42 * build.girth, 0.8), 1, true);
    for (const side of [-1, 1]) {
      const foot = side * (0.36 + build.legWidth * 0.3);
      this.limb([side * 0.4 * build.girth, 1.9, foot, (1.9 + ground) / 2, foot, ground - 0.05], build.legWidth * 1.25,
        build.legWidth, 1);
      this.fur(ellipse(foot, ground, build.legWidth * 0.7, 0.22), 1, true);
    }
    this.crease([0, 2.6, 0, ground - 0.1], 0.06, 0.45);
    this.neckBand(1, 0.62);
    this.head();
  }

  /** From the side, the head on the left. */
  standing(): void {
    const { build, random } = this;
    const length = random.between(4.2, 5.4);
    const back = 0.55;
    const belly = back + build.girth * 1.4;
    const ground = belly + build.legs * 0.85;
    const leg = (x: number, brightness: number, stride: number): void => {
      this.limb([x, belly - 0.4, x + stride * 0.4, (belly + ground) / 2, x + stride, ground], build.legWidth * 1.3,
        build.legWidth * 0.8, brightness);
      this.fur(ellipse(x + stride - 0.1, ground + 0.05, build.legWidth * 0.62, 0.18), brightness);
    };
    const step = 0.3 * random.normal();
    leg(1.55, 0.66, -step);
    leg(length - 0.55, 0.66, step);
    const isUp = happens(random, 0.6);
    const rise = (isUp ? -1 : 0.75) * build.tail;
    this.limb([length - 0.1, back + 0.35, length + 0.35 * build.tail, back + 0.3 + rise * 0.3,
      length + 0.5 * build.tail, back + 0.2 + rise * 0.75, length + (isUp ? 0.3 : 0.7) * build.tail,
      back + rise * 0.95], build.tailWidth * 1.3, build.tailWidth * 0.8, 0.9);
    this.fur(smooth([0.5, -0.3, 1.5, back - 0.1, length * 0.6, back + 0.1, length, back + 0.15, length + 0.35,
      belly - 0.5, length - 0.6, belly - 0.25, length * 0.55, belly - 0.05, 1.3, belly, 0.75, belly - 0.6, 0.2, 0.6],
      true));
    leg(1.1, 0.95, step);
    leg(length - 0.15, 0.95, -step * 0.7);
    this.head();
  }

  lying(): void {
    const { build, random } = this;
    const length = random.between(3.6, 4.8);
    const ground = 1.2 + build.girth * 0.75;
    this.limb([length - 0.2, ground - 0.3, length + build.tail * 0.35, ground - 0.1, length + build.tail * 0.3,
      ground + 0.3, length - build.tail * 0.3, ground + 0.25], build.tailWidth * 1.2, build.tailWidth, 0.85);
    this.fur(smooth([0.2, 0.1, 1.5, ground - build.girth * 1.35, length * 0.65, ground - build.girth * 1.45, length,
      ground - build.girth, length + 0.2, ground - 0.2, length - 0.4, ground + 0.1, 1, ground + 0.1, 0, ground - 0.2],
      true), 0.94);
    this.fur(ellipse(length - 0.7, ground - 0.55, 0.85, 0.7), 0.98);
    for (const [far, brightness] of [[0.3, 0.75], [0, 1]]) {
      this.limb([1 + far, ground - 0.2, 0.1 + far, ground + 0.05, -0.7 - 0.3 * build.legs + far,
        ground + 0.1 - far * 0.4], build.legWidth * 1.2, build.legWidth, brightness);
    }
    this.neckBand(0.95, 0.75);
    this.head();
  }
}

/** Draws a cat or a dog, all of it or its head, somewhere, in some light: a colour picture of some size. */
export function drawAnimal(isDog: boolean, random: Random): Picture {
  const longest = Math.round(random.between(90, 170));
  const ratio = random.between(0.66, 1);
  const pose = oneOf(random, ['closeUp', 'closeUp', 'closeUp', 'closeUp', 'sitting', 'sitting', 'standing',
    'lying'] as const);
  const isWide = pose === 'standing' || pose === 'lying' ? happens(random, 0.85) : happens(random, 0.5);
  const [width, height] = isWide ? [longest, Math.round(longest * ratio)] : [Math.round(longest * ratio), longest];
  const build = isDog ? buildDog(random) : buildCat(random);
  const photo = new Photo(width, height);

  const unit = Math.min(width, height);
  const way = random.below(2) ? 1 : -1;
  // Radius of the head and where its middle is, as parts of the picture; `way` -1 mirrors.
  const framing = {
    closeUp: { size: random.between(0.25, 0.37) * unit, x: 0.5, y: random.between(0.36, 0.52) },
    sitting: { size: random.between(0.13, 0.185) * Math.min(height, width * 1.15), x: 0.5, y: random.between(0.26,
      0.36) },
    standing: { size: random.between(0.105, 0.14) * width, x: 0.5 - way * 0.26, y: random.between(0.34, 0.46) },
    lying: { size: random.between(0.125, 0.175) * width, x: 0.5 - way * 0.2, y: random.between(0.4, 0.55) },
  }[pose];
  const x = width * (framing.x + 0.04 * random.normal());
  const coat = growCoat(random, framing.size);
  const animal = new Animal(photo, build, random, coat);
  paintBackground(photo, coat.base, random);
  const stretch = random.between(0.92, 1.08);
  photo.mask.placement = placement(way * framing.size * stretch, framing.size / stretch, 0, 0.09 * random.normal(), x,
    height * framing.y);
  animal[pose]();
  paintForeground(photo, random);
  return { pixels: photo.develop(random), width, height };
}
