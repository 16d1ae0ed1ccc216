import { GO } from './go';
import { JAVA, WITHOUT_JAVA } from './java';
import type { Language } from './language';
import { PYTHON } from './python';
import { TYPESCRIPT } from './typescript';
import { YAML } from './yaml';

/** The rows that run a program. */
export const LANGUAGES: readonly Language[] = [
  ...TYPESCRIPT,
  PYTHON,
  GO,
  YAML,
  ...(WITHOUT_JAVA === undefined ? [JAVA] : []),
];

export interface GeneratedOnly {
  readonly row: string;
  /** A file that the generator writes, from sdk/; undefined if the SDK cannot be generated here. */
  readonly sdk?: string | undefined;
  readonly reason: string;
}

/** The rows whose programs cannot run here. */
export const GENERATED_ONLY: readonly GeneratedOnly[] = [
  {
    row: '.NET',
    sdk: 'dotnet/SignedImage.cs',
    reason:
      'neither the .NET SDK nor the NuGet package Pulumi is in a registry that this machine reaches; only the syntax of the C# is checked',
  },
  ...(WITHOUT_JAVA === undefined ? [] : [{ row: 'Java', sdk: JAVA.sdk, reason: WITHOUT_JAVA }]),
];
