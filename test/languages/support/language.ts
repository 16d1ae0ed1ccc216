import type { EngineKind } from '../../../dev/engine/under-test';
import type { World } from './world';

/** A row of the table: one way to use the package from a program. */
export interface Language {
  readonly name: string;
  /** The folder in examples/ of a program that signs an existing image and verifies it. */
  readonly example: string;
  /** A file that the generator writes, from sdk/; undefined if the program uses no generated SDK. */
  readonly sdk?: string;
  /** Makes a copy of the example a program of its own: installs its dependencies and the generated SDK. */
  install(project: string, world: World): Promise<void>;
  /** The strict check of the language's own compiler. */
  compile(project: string, world: World): Promise<void>;
  /** Whether the engine can run the program here. */
  readonly runsOn: (engine: EngineKind['engine']) => boolean;
}
