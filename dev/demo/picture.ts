import { bold, dim } from './terminal';

export interface Chain {
  readonly commit: string | undefined;
  readonly repository: string | undefined;
  readonly builder: string | undefined;
  readonly imageRef: string;
  readonly digest: string;
  readonly keyId: string | undefined;
  readonly identity: string;
  readonly issuer: string;
  readonly logEntries: readonly { readonly logIndex: string; readonly purpose: string }[];
  readonly deployment: string;
}

/** Formats the steps from the commit to the Deployment, one per line. */
export function drawChain(chain: Chain): string {
  const entries = chain.logEntries.map(({ logIndex, purpose }) => `#${logIndex} ${purpose}`);
  const source = [chain.repository, chain.builder].filter((fact) => fact !== undefined).join(', ');
  const links: readonly (readonly [string, string, string])[] = [
    ['commit', chain.commit ?? '(not a git repository)', source],
    ['digest', chain.digest, 'built, pushed, read back and hashed again'],
    ['signature', `key ${chain.keyId?.slice(0, 16) ?? '?'}...`, 'and provenance, by the same key'],
    ['', chain.identity, `and the identity, issued by ${chain.issuer}`],
    ['log entry', entries.join(', '), 'in the transparency log, with inclusion proofs'],
    ['Deployment', chain.imageRef, chain.deployment],
  ];
  return links
    .flatMap(([name, value, note], index) => [
      ...(index > 0 && name !== '' ? [`   ${' '.repeat(10)} ${dim('|')}`] : []),
      `   ${bold(name.padStart(10))} ${name === '' ? '+' : 'o'} ${value}`,
      ...(note === '' ? [] : [`   ${' '.repeat(10)} ${dim('|')}   ${dim(note)}`]),
    ])
    .join('\n');
}
