import type { Problem } from '../../error';

/** What may run without having been verified. At least one of `image` and `resource`. */
export interface ExemptionArgs {
  /**
   * Images, as they are written in the resource: `registry.k8s.io/pause:3.10`, or a beginning and
   * `*`: `public.ecr.aws/eks/*`. A name without a host is one of Docker Hub.
   */
  readonly image?: string;
  /**
   * Resources, by name or by `type::name`; `*` stands for any text: `kubernetes:helm.sh/v3:Release::*`.
   * With `image` too, just these images in these resources.
   */
  readonly resource?: string;
  /** Why: for whoever reads the program, and for the log. Needed. */
  readonly reason: string;
}

export interface Exemption extends ExemptionArgs {
  matchesImage(image: string): boolean;
  matchesResource(type: string, name: string): boolean;
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** Nothing but wildcards and separators, or a wildcard before the end of the host: everybody's images. */
function admitsEverything(image: string): boolean {
  const star = image.indexOf('*');
  if (star < 0) return false;
  const slash = image.indexOf('/');
  return slash < 0 ? !/^[a-z0-9]+:\*?/.test(image) : star < slash;
}

/** Everything that is wrong with an exemption. */
export function exemptionProblems(args: ExemptionArgs, property: string): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (member: string, message: string): void => {
    problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  };
  const { image, resource, reason } = args;
  if (typeof reason !== 'string' || reason.trim() === '') {
    report('reason', 'is needed: say why this may run without having been verified');
  }
  if (image === undefined && resource === undefined) {
    report('image', 'an exemption needs `image`, `resource` or both');
  }
  if (image?.trim() === '') report('image', 'is empty');
  if (resource?.trim() === '') report('resource', 'is empty');
  if (image !== undefined && resource === undefined && admitsEverything(image)) {
    report(
      'image',
      `"${image}" would admit every image; name at least the registry, as in "registry.example.com/*"`,
    );
  }
  if (image === undefined && resource !== undefined && /^[*:]+$/.test(resource)) {
    report('resource', `"${resource}" would admit every resource; name at least a type or a name`);
  }
  return problems;
}

export function exemptionOf(args: ExemptionArgs): Exemption {
  const image = args.image === undefined ? undefined : pattern(args.image);
  const resource = args.resource === undefined ? undefined : pattern(args.resource);
  return {
    ...args,
    matchesImage: (text) => image?.test(text) ?? true,
    matchesResource: (type, name) =>
      resource === undefined || resource.test(name) || resource.test(`${type}::${name}`),
  };
}
