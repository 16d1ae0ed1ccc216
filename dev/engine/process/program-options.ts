import type { Project } from '../project/project';

/** What the engine passes to a program of any language. */
export interface ProgramOptions {
  readonly project: Project;
  readonly stack: string;
  readonly organization: string;
  readonly monitor: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  /** Plain values, keys `namespace:name`. */
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  /** Files with the schemas of packages without a plugin. */
  readonly schemas: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}
