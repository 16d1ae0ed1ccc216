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

/** Each says why an image may not run; `undefined` if it may, or if a preview cannot tell. */
export interface ImageRules {
  /** Asked before the resource is made: a refusal prevents it. */
  before(image: WorkloadImage): string | undefined;
  /** Asked about the finished stack, where it is known what came from where. */
  after?(image: WorkloadImage, workload: StackResource, lineage: Lineage): string | undefined;
}

export interface ImagePolicyDefinition extends Pick<
  Policy,
  'name' | 'displayName' | 'description' | 'enforcementLevel' | 'severity'
> {
  /** What may be configured. */
  readonly members: readonly Member[];
  /** Hears of every resource before it is made. */
  readonly note?: (resource: ValidatedResource) => void;
  /** @throws InvalidInputError when the configuration is not one to go by */
  readonly rules: (config: ImagePolicyConfig) => ImageRules;
}

/** One name, one level and one configuration for what is checked before and after. */
export type ImagePolicy = ResourceValidationPolicy & StackValidationPolicy;

interface Configured extends ImageRules {
  readonly requirement: ImagePolicyConfig['requirement'];
}

/** The engine shows the stack trace of an error, for which nobody who misspelt a name has a use. */
function withoutTrace<T>(policy: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error) error.stack = `configuration of ${policy}: ${error.message}`;
    throw error;
  }
}

const sentence = ({ path, image }: WorkloadImage, why: string): string =>
  `${path} ${JSON.stringify(image)} ${why}`;

export function imagePolicy(definition: ImagePolicyDefinition): ImagePolicy {
  const { members, note, rules, ...facts } = definition;
  // What was told before a resource was made is not told again at the end of a preview.
  const told = new Set<string>();
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
        const why = before(image);
        if (why === undefined) continue;
        told.add(`${resource.urn} ${image.path}`);
        report(sentence(image, why));
      }
    },
    validateStack: ({ resources: given, getConfig }, report) => {
      const { requirement, after } = configured(getConfig());
      const resources = given.map(stackResource);
      const lineage = new Lineage(resources);
      for (const workload of resources) {
        for (const image of workloadFindings(workload, requirement).images) {
          const why = after?.(image, workload, lineage);
          if (why === undefined || told.has(`${workload.urn} ${image.path}`)) continue;
          report(sentence(image, why), workload.urn);
        }
      }
      told.clear();
    },
  };
}
