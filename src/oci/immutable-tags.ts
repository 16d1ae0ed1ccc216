interface Product {
  readonly name: string;
  readonly host: RegExp;
  readonly setting: string;
}

/** Where each says which of its tags may be moved. Hosts of one's own have any of the last three. */
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
    setting: 'it knows no exceptions: turn immutable tags off for the repository',
  },
  {
    name: 'Docker Hub',
    host: /(^|\.)docker\.io$/,
    setting: 'let the expression of the immutable tags not match sha256-',
  },
  {
    name: 'GitLab',
    host: /(^|\.)gitlab\./,
    setting: 'let no immutability rule for the tags of the project match sha256-',
  },
  {
    name: 'Quay',
    host: /(^|\.)quay\./,
    setting: 'let no immutability policy match the tags sha256-*, and take the mark off this one',
  },
  {
    name: 'Harbor',
    host: /(^|\.)harbor\./,
    setting: "exclude sha256-** in the project's rule for tag immutability",
  },
];

/** Which setting of a registry lets the tags be moved that hold signatures, and no other. */
export function exemptionOf(registry: string): string {
  const known = PRODUCTS.find(({ host }) => host.test(registry));
  if (known) return `${known.name}: ${known.setting}`;
  const likely = PRODUCTS.slice(-3).map(({ name, setting }) => `${name}: ${setting}`);
  return `exempt the tags sha256-* from immutability (${likely.join('; ')})`;
}
