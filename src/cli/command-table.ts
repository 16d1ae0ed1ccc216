import type { Command } from './command';
import { keysGenerate } from './keys-generate';
import { keysPublic } from './keys-public';

/** All subcommands, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [keysGenerate, keysPublic];
