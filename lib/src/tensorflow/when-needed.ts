/**
 * The same as `./index`, loaded when something of it is first used: `@course/lib/tensorflow`. For definitions of exercises, of which a
 * grader loads all and most lessons' answers need no tensor.
 */
Object.defineProperty(exports, 'tf', {
  enumerable: true,
  get: () => (require('./index') as typeof import('./index')).tf,
});

export type { tf } from './index';
