export { type CosignPair, makeCosignPair } from './cosign-pair';
export { type KeyFiles, localKeyFiles, type NewFile } from './key-files';
export { generateKey, type KeyGeneration } from './key-generation';
