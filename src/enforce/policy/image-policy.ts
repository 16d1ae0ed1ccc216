import type { Policy, ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';

import {
  configSchema,
  type ImagePolicyConfig,
  type Member,
  readPolicyConfig,
} from './policy-config';
import { Lineage } from './lineage';
import type { StackResource, ValidatedResource } from './stack-resource';
import { validatedResource, stackResource } from './views';
import { workloadFindings, type WorkloadImage } from './workload-findings';

/** Each rule returns why an image may not run; `undefined` if it may, or if it is not known in a preview. */
export interface ImageRules {
  /** Called before the resource is created: a violation prevents the creation. */
  before(image: WorkloadImage): string | undefined;
  /** Called for the finished stack, in which the dependencies of all resources are known. */
  after?(image: WorkloadImage, workload: StackResource, lineage: Lineage): string | undefined;
}

export interface ImagePolicyDefinition extends Pick<
  Policy,
  'name' | 'displayName' | 'description' | 'enforcementLevel' | 'severity'
> {
  /** The members of the configuration. */
  readonly members: readonly Member[];
  /** Called for every resource before it is created. */
  readonly onResource?: (resource: ValidatedResource) => void;
  /** @throws InvalidInputError if the configuration is not valid */
  readonly rules: (config: ImagePolicyConfig) => ImageRules;
}

/** One name, enforcement level and configuration for the checks before and after the creation. */
export type ImagePolicy = ResourceValidationPolicy & StackValidationPolicy;

interface Configured extends ImageRules {
  readonly requirement: ImagePolicyConfig['requirement'];
}

/** Removes the stack trace, which the engine would print for an error in the configuration. */
function withoutTrace<T>(policy: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error) error.stack = `configuration of ${policy}: ${error.message}`;
    throw error;
  }
}

const formatViolation = ({ path, image }: WorkloadImage, reason: string): string =>
  `${path} ${JSON.stringify(image)} ${reason}`;

export function imagePolicy(definition: ImagePolicyDefinition): ImagePolicy {
  const { members, onResource: note, rules, ...facts } = definition;
  // A violation that was reported before the creation is not reported again at the end of a preview.
  const reported = new Set<string>();
  const configured = (given: object): Configured =>
    withoutTrace(facts.name, () => {
      const config = readPolicyConfig(given, members);
      return { requirement: config.requirement, ...rules(config) };
    });

  return {
    ...facts,
    configSchema: configSchema(members),
    validateResource: (args, report) => {
      const { requirement, before } = configured(args.getConfig());
      const resource = validatedResource(args);
      note?.(resource);
      const { images, problems } = workloadFindings(resource, requirement);
      problems.forEach((problem) => report(problem));
      for (const image of images) {
        const reason = before(image);
        if (reason === undefined) continue;
        reported.add(`${resource.urn} ${image.path}`);
        report(formatViolation(image, reason));
      }
    },
    validateStack: ({ resources: given, getConfig }, report) => {
      const { requirement, after } = configured(getConfig());
      const resources = given.map(stackResource);
      const lineage = new Lineage(resources);
      for (const workload of resources) {
        for (const image of workloadFindings(workload, requirement).images) {
          const reason = after?.(image, workload, lineage);
          if (reason === undefined || reported.has(`${workload.urn} ${image.path}`)) continue;
          report(formatViolation(image, reason), workload.urn);
        }
      }
      reported.clear();
    },
  };
}
