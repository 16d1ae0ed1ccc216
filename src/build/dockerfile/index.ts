export { baseImages } from './base-images';
export { expand, type Lookup } from './expansion';
export { escapeDirective, type Instruction, parseInstructions } from './instructions';
