import type { Detected, Env, GitRemote } from '../detected';
import type { CiName } from '../facts';
import type { GithubClaims } from './github-claims';
import type { TeamCityParameters } from './teamcity-parameters';

/** Inputs of a detector beside the environment variables. */
export interface Surroundings {
  /** Remotes of the work tree. */
  readonly remotes: readonly GitRemote[];
  /** JSON of the event that started the run (GitHub Actions). */
  readonly event?: unknown;
  /** Claims of the identity token of the job (GitHub Actions). They win over variables. */
  readonly claims?: GithubClaims | undefined;
  /** Parameters of the build that are not variables (TeamCity). */
  readonly teamcity?: TeamCityParameters;
}

/** Detects one CI system; `undefined`: not detected. */
export type Detector = (env: Env, surroundings: Surroundings) => Detected | undefined;

/** One CI system. */
export interface CiSystem {
  readonly name: CiName;
  /** The system's own documentation of the variables that are read. */
  readonly documentation: string;
  /** Whether its detector recognizes every pull and merge request by the system's own variables. */
  readonly knowsRequests?: boolean;
  readonly detect: Detector;
}

/** The facts about the ref that a run is for. */
export type RefFacts = Pick<
  Detected,
  'branch' | 'tag' | 'ref' | 'repository' | 'headRepository' | 'isRequest'
>;
