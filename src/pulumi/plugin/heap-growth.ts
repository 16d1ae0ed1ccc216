import { setFlagsFromString } from 'node:v8';

/** Of what is alive after a collection: so much more may be used before the next one. */
const OLD_SPACE_GROWTH_PERCENT = 50;

/**
 * Keeps the heap near to what is alive in it, about 30 MB: by itself V8 lets it grow to five times
 * that while hundreds of images are signed, on machines where pods, builds and an engine want memory
 * too. Call it when the modules are loaded: the young generation stays as large as it is then.
 * V8 reads both flags each time it decides to grow, and at no other time (docs/adr/0009).
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${OLD_SPACE_GROWTH_PERCENT}`);
}
