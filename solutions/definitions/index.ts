import type { Exercise } from '@course/lib/exercises';
import { exercises as bonus } from './bonus';
import { exercises as lesson00 } from './lesson-00';
import { exercises as lesson01 } from './lesson-01';
import { exercises as lesson02 } from './lesson-02';
import { exercises as lesson03 } from './lesson-03';
import { exercises as lesson04 } from './lesson-04';
import { exercises as lesson05 } from './lesson-05';

/** The exercises of one lesson: of `solutions/<name>.ipynb`, from which `exercises/<name>.ipynb` is made. */
export interface Lesson {
  readonly name: string;
  readonly exercises: readonly Exercise[];
}

/** All lessons that have exercises, in the course's order. */
export const lessons: readonly Lesson[] = [
  { name: '00_start_here', exercises: lesson00 },
  { name: '01_mnist_mlp', exercises: lesson01 },
  { name: '02_fashion_mnist_mlp', exercises: lesson02 },
  { name: '03_fashion_mnist_cnn', exercises: lesson03 },
  { name: '04_cats_and_dogs', exercises: lesson04 },
  { name: '05_digits_from_folders', exercises: lesson05 },
  { name: 'bonus_line_fit', exercises: bonus },
];
