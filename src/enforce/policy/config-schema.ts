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
      'Further kinds that run images: objects with `type` and `podSpec` (a path) or `images` (paths; none with a `reason`).',
    ],
    allow: ['array', 'References that were verified elsewhere: `host/repo@sha256:...`.'],
    trustedKeys: ['array', 'Public keys in PEM. With it, images must be signed by one of them.'],
    identities: [
      'array',
      'Keyless signers: objects with `identity` or `identityPattern`, and `issuer` or `issuerPattern`. With it, images must be signed by one of them.',
    ],
    trustedRoots: [
      'array',
      'JSON texts of the trusted roots of own Sigstore instances, whose identities count too. Default: none, only those of the public instance.',
    ],
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
