import type { PolicyConfigSchema } from '@pulumi/policy';

import type { Member } from './policy-config';

const MEMBERS: Readonly<Record<Member, readonly [type: 'array' | 'string', description: string]>> =
  {
    exempt: [
      'array',
      'What may run all the same: objects with `image` (a pattern), `resource` (a name or `type::name`, a pattern) or both, and the `reason`.',
    ],
    kinds: [
      'array',
      'Further kinds that run images: objects with `type` and `podSpec` (a path) or `images` (paths).',
    ],
    allow: ['array', 'References that were verified elsewhere: `host/repo@sha256:...`.'],
    commit: ['string', 'The commit that is being deployed. Default: the one of the CI run.'],
  };

/**
 * What the engine is told of a policy's configuration. Only the types of the members: what is
 * inside is checked by the policy, which says all that is wrong, and in its own words.
 */
export function configSchema(members: readonly Member[]): PolicyConfigSchema {
  const properties = members.map((member) => {
    const [type, description] = MEMBERS[member];
    return [member, { type, description }] as const;
  });
  return { properties: Object.fromEntries(properties) };
}
