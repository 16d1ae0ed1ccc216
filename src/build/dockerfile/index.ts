export { type BaseImages, baseImages, type DockerfileBuild, fetchedImages } from './base-images';
export { type Instruction, parseInstructions, type ParsedDockerfile } from './instructions';
export { lex, type Lookup, WordError } from './lexer';
