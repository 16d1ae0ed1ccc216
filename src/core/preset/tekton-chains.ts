import { PresetProblems } from './preset-problems';

export interface TektonChainsArgs {
  /**
   * SLSA version of the provenance: `1` for the formats `slsa/v2alpha3` and `slsa/v2alpha4` of Chains, `0.2` for
   * `slsa/v1` and `in-toto`. Default: `1`.
   */
  readonly slsa?: '1' | '0.2' | undefined;
  /** `builder.id` of the configuration of Chains. Default: `https://tekton.dev/chains/v2`. */
  readonly builderId?: string | undefined;
  /** URL of the Git repository that was built, which the run named by type hints. Default: any. */
  readonly source?: string | undefined;
  /** The role, for reports and errors. Default: `build`. */
  readonly name?: string | undefined;
}

/** A requirement without its signers: add `keys`, `trustedKeys` or `identities`. */
export interface TektonChainsRequirement {
  readonly name: string;
  readonly predicateType: string;
  readonly condition: string;
}

const BUILD_TYPES = [
  'https://tekton.dev/chains/v2/slsa',
  'https://tekton.dev/chains/v2/slsa-tekton',
];
const RUN_TYPES = String.raw`^tekton\.dev/v1(beta1)?/(TaskRun|PipelineRun)$`;

/**
 * The requirement that Tekton Chains signed the provenance of the image, for `require`, beside the signers:
 * `{ ...tektonChains(), keys: ['chains.pub'] }`.
 *
 * https://github.com/tektoncd/chains/blob/main/docs/slsa-provenance.md
 *
 * @throws InvalidInputError with all problems, each on its property
 */
export function tektonChains(args: TektonChainsArgs = {}): TektonChainsRequirement {
  const { slsa = '1', builderId = 'https://tekton.dev/chains/v2', source } = args;
  const problems = new PresetProblems();
  problems.checkText('slsa', slsa, /^(1|0\.2)$/, 'must be 1 or 0.2');
  problems.checkText('builderId', builderId, /^\S+$/, 'must be a URI without spaces');
  if (source !== undefined)
    problems.checkText(
      'source',
      source,
      /^(git\+)?https?:\/\/[^\s@]+$/,
      'must be a URL with https',
    );
  problems.throwIfAny();
  const conditions = slsa === '1' ? conditionsOfV1(builderId) : conditionsOfV02(builderId);
  const inputs =
    slsa === '1' ? 'predicate.buildDefinition.resolvedDependencies' : 'predicate.materials';
  if (source !== undefined) {
    // Chains writes `git+URL.git`, and `@revision` behind it where the digest does not have it.
    const url = `git+${source.replace(/^git\+/, '').replace(/(\.git)?\/?$/, '')}.git`;
    conditions.push(
      `${inputs}.exists(each, each.uri == ${cel(url)} || each.uri.startsWith(${cel(`${url}@`)}))`,
    );
  }
  return {
    name: args.name ?? 'build',
    predicateType: slsa === '1' ? 'slsaprovenance1' : 'slsaprovenance02',
    condition: conditions.join(' && '),
  };
}

function conditionsOfV1(builderId: string): string[] {
  return [
    `predicate.runDetails.builder.id == ${cel(builderId)}`,
    `predicate.buildDefinition.buildType in [${BUILD_TYPES.map(cel).join(', ')}]`,
  ];
}

function conditionsOfV02(builderId: string): string[] {
  return [
    `predicate.builder.id == ${cel(builderId)}`,
    `predicate.buildType.matches(${cel(RUN_TYPES)})`,
  ];
}

/** A string literal of CEL; JSON's escapes are CEL's. */
function cel(text: string): string {
  return JSON.stringify(text);
}
