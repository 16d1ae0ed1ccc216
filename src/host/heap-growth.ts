import { setFlagsFromString } from 'node:v8';

/** Growth of the old space until the next collection, in percent of the live objects. */
const OLD_SPACE_GROWTH_PERCENT = 50;

/**
 * Keeps the heap close to its live objects, about 30 MB: by default V8 lets it grow to five times
 * that while hundreds of images are signed, on machines where pods, builds and the engine need memory
 * too. Call it when the modules are loaded: the young generation keeps the size that it has then.
 * V8 reads both flags each time it decides to grow, and at no other time (docs/explanation/adr/0009).
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${OLD_SPACE_GROWTH_PERCENT}`);
}
