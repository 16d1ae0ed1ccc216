import type { Column } from './table';
import type { World } from './world';

/** A row of the table: one way to use the package from a program. */
export interface Language {
  readonly name: string;
  /** The folder in examples/ of a program that signs an existing image and verifies it. */
  readonly example: string;
  /** A file that the generator writes, from sdk/. */
  readonly sdk?: string;
  /** Makes a copy of the example a program of its own: installs its dependencies and the generated SDK. */
  readonly install?: (project: string, world: World) => Promise<void>;
  /** The strict check of the language's own compiler. */
  readonly compile?: (project: string, world: World) => Promise<void>;
  /** Why a cell does not exist for this language. */
  readonly without?: Readonly<Partial<Record<Column, string>>>;
  /**
   * The program of the Pulumi CLI that runs programs of this language: without it on the PATH the real engine cannot.
   * Undefined if the suite builds it.
   */
  readonly host?: string;
  /** Removes what `install` left outside of the project. */
  readonly uninstall?: (world: World) => void;
}
