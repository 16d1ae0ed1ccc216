export { baseImages } from './base-images';
export { expand, type Lookup } from './expansion';
export { type Instruction, parseInstructions } from './instructions';
