import type { Runtime } from '../project/project';
import type { Child } from './child';
import { startGoProgram, startJavaProgram } from './languages/compiled';
import { startNodeProgram } from './languages/node';
import { startPythonProgram } from './languages/python';
import { startYamlProgram } from './languages/yaml';
import type { ProgramOptions } from './program-options';

const STARTERS: Readonly<Record<Runtime, (options: ProgramOptions) => Child>> = {
  nodejs: startNodeProgram,
  python: startPythonProgram,
  go: startGoProgram,
  java: startJavaProgram,
  yaml: startYamlProgram,
};

/** Runs an unmodified Pulumi program with the SDK of its own dependencies. */
export const startProgram = (options: ProgramOptions): Child =>
  STARTERS[options.project.runtime](options);
