import { polyfill } from './polyfill';

// TensorFlow reads this when it is loaded: 0 prints everything, 3 only what is fatal.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
polyfill();
