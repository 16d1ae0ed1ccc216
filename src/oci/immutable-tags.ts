interface Product {
  readonly name: string;
  readonly host: RegExp;
  readonly setting: string;
}

/** The setting that exempts tags from immutability, by product. Self-hosted registries are any of the last three. */
const PRODUCTS: readonly Product[] = [
  {
    name: 'Amazon ECR',
    host: /\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com|on\.aws)/,
    setting:
      'set the tag mutability of the repository to IMMUTABLE_WITH_EXCLUSION, with the filter sha256-*',
  },
  {
    name: 'Google Artifact Registry',
    host: /(\.pkg\.dev|(^|\.)gcr\.io)$/,
    setting: 'it does not support exceptions: disable immutable tags for the repository',
  },
  {
    name: 'Docker Hub',
    host: /(^|\.)docker\.io$/,
    setting:
      'change the regular expression of the immutable tags so that it does not match sha256-',
  },
  {
    name: 'GitLab',
    host: /(^|\.)gitlab\./,
    setting: "change the project's tag immutability rules so that they do not match sha256-",
  },
  {
    name: 'Quay',
    host: /(^|\.)quay\./,
    setting:
      'change the immutability policies so that they do not match the tags sha256-*, and make this tag mutable',
  },
  {
    name: 'Harbor',
    host: /(^|\.)harbor\./,
    setting: "exclude sha256-** in the project's tag immutability rule",
  },
];

/** Describes the registry setting that exempts only the tags of signatures from immutability. */
export function immutabilityRemedy(registry: string): string {
  const known = PRODUCTS.find(({ host }) => host.test(registry));
  if (known) return `${known.name}: ${known.setting}`;
  const selfHosted = PRODUCTS.slice(-3).map(({ name, setting }) => `${name}: ${setting}`);
  return `exempt the tags sha256-* from immutability (${selfHosted.join('; ')})`;
}
