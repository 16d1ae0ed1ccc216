import type { SignerDescription } from '../key/signer';
import type {
  ImageStatus,
  Report,
  ReportedImage,
  ReportedLogEntry,
  ReportedRule,
  ReportOutcome,
} from './model';
import { statusLabel } from './report';

/** A value with its label. Values come from outside; labels are ours. */
export interface Fact {
  readonly label: string;
  readonly values: readonly string[];
}

/** Rows with the same columns. Headings are ours. */
export interface StageTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One stage of an image, from its commit to its workloads. */
export interface Stage {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly table?: StageTable;
  /** Shown if there is nothing else. */
  readonly empty: string;
}

/** Labels of the statuses. */
export const STATUS_NAMES: Readonly<Record<ImageStatus, string>> = {
  problem: 'problem',
  incomplete: 'incomplete',
  verified: 'verified',
  exempt: 'not verified (exempt)',
};

const OUTCOMES: Readonly<Record<ReportOutcome, string>> = {
  clean: 'All images are verified.',
  problems: 'Something is wrong with at least one image.',
  incomplete: 'Nothing is known to be wrong, but not everything could be checked.',
};

/** Returns the result of the report as a sentence, with the numbers of images. */
export function summaryOf({ outcome, images }: Report): string {
  if (images.length === 0) return 'The input has no image: nothing was checked.';
  const counts = (Object.keys(STATUS_NAMES) as ImageStatus[]).flatMap((status) => {
    const count = images.filter((image) => image.status === status).length;
    return count === 0 ? [] : [`${count} ${STATUS_NAMES[status]}`];
  });
  return `${OUTCOMES[outcome]} ${images.length} ${images.length === 1 ? 'image' : 'images'}: ${counts.join(', ')}.`;
}

/** Returns the scope of the report: the stack, the cluster, and the times. */
export function scopeOf({ stack, cluster, created }: Report): readonly Fact[] {
  return facts([
    ['Stack', stack?.name],
    ['State written', stack?.time],
    ['Cluster', cluster?.server],
    ['Namespaces', cluster && (cluster.namespaces.length > 0 ? cluster.namespaces : 'all')],
    ['Audited', cluster?.time],
    ['Report created', created],
  ]);
}

function facts(
  rows: readonly (readonly [string, string | readonly string[] | undefined])[],
): readonly Fact[] {
  return rows.flatMap(([label, value]) => {
    const values = typeof value === 'string' ? [value] : (value ?? []);
    return values.length > 0 ? [{ label, values }] : [];
  });
}

const pairs = (record: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(record).map(([name, value]) => `${name}=${value}`);

/** Formats a signer. */
export function shownSigner(signer: SignerDescription): string {
  return signer.kind === 'key'
    ? `key ${signer.keyId}`
    : `${signer.identity} (issuer ${signer.issuer})`;
}

/** The stages of an image, from its commit to its workloads. */
export function stagesOf(image: ReportedImage): readonly Stage[] {
  const { source, build, audit } = image;
  const dirty = source.dirty === undefined ? undefined : source.dirty ? 'modified' : 'clean';
  return [
    {
      title: 'Commit',
      facts: facts([
        ['Commit', source.commit],
        ['Branch', source.branch],
        ['Tag', source.tag],
        ['Ref', source.ref],
        ['Repository', source.repository],
        ['Work tree', dirty],
      ]),
      empty: 'Unknown: the image has no provenance and no source facts.',
    },
    {
      title: 'Build',
      facts: facts([
        ['Builder', build.builderId],
        ['Build type', build.buildType],
        ['CI system', build.system],
        ['Run', build.invocation],
        ['User', build.user],
        ['Build tool', build.builder],
        ['Dockerfile', build.dockerfile],
        ['Dockerfile digest', build.dockerfileDigest],
        ['Context digest', build.contextDigest],
        ['Platforms', build.platforms],
        ['Started', build.startedOn],
        ['Finished', build.finishedOn],
      ]),
      empty: 'Unknown: the image was not built by this stack.',
    },
    {
      title: 'Digest',
      facts: facts([
        ['Image', image.image],
        ['Signed annotations', pairs(image.annotations)],
      ]),
      empty: 'Unknown.',
    },
    signatureStage(image),
    logStage(image.logEntries),
    {
      title: 'Verification',
      facts: [
        ...facts([
          ['Verified by', image.rule && `VerifiedImage ${image.rule.resource}`],
          ['State changed', image.verifiedAt],
        ]),
        ...(image.rule ? ruleFacts(image.rule) : []),
        ...facts([
          ['Cluster audit', audit && statusLabel(audit.status)],
          ['Audit reason', audit?.reason],
        ]),
      ],
      empty: 'Not verified.',
    },
    {
      title: 'Workloads',
      facts: facts([
        ['Declared in the stack', namesOf(image, 'resource')],
        ['Running in the cluster', namesOf(image, 'container')],
      ]),
      empty: 'None known.',
    },
  ];
}

/** A cluster may run an image in thousands of pods. */
const MAX_WORKLOADS = 50;

function namesOf({ workloads }: ReportedImage, kind: 'resource' | 'container'): readonly string[] {
  const names = workloads.filter((each) => each.kind === kind).map(({ name }) => name);
  const more = names.length - MAX_WORKLOADS;
  return more > 0 ? [...names.slice(0, MAX_WORKLOADS), `and ${more} more`] : names;
}

function signatureStage({ manifests, signer }: ReportedImage): Stage {
  const rows = manifests.flatMap(({ digest, platform, parts }) =>
    parts.map((part) => [
      `${part.purpose} (${part.format})`,
      part.reason === undefined
        ? statusLabel(part.status)
        : `${statusLabel(part.status)}: ${part.reason}`,
      platform === undefined ? digest : `${platform} ${digest}`,
      part.stored ?? '-',
    ]),
  );
  return {
    title: 'Signatures and attestations',
    facts: facts([['Signer', signer && shownSigner(signer)]]),
    ...(rows.length > 0 && {
      table: { columns: ['Type', 'Result', 'Manifest', 'Stored as'], rows },
    }),
    empty: 'None known.',
  };
}

function shownTime({ integratedTime }: ReportedLogEntry): string {
  const time = integratedTime === undefined ? undefined : new Date(integratedTime * 1000);
  return time === undefined || Number.isNaN(time.getTime()) ? '-' : time.toISOString();
}

function logStage(entries: readonly ReportedLogEntry[]): Stage {
  const compared = entries.some(({ inState }) => inState !== undefined);
  const inState = ({ inState: known }: ReportedLogEntry): string =>
    known === undefined ? '-' : known ? 'yes' : 'no';
  const rows = entries.map((entry) => [
    entry.logIndex,
    shownTime(entry),
    entry.purpose ?? '-',
    entry.subject ?? '-',
    entry.logId === '' ? '-' : entry.logId,
    ...(compared ? [inState(entry)] : []),
  ]);
  const columns = ['Index', 'Time', 'Purpose', 'Manifest', 'Log id'];
  return {
    title: 'Transparency log',
    facts: [],
    ...(rows.length > 0 && {
      table: { columns: compared ? [...columns, 'In state'] : columns, rows },
    }),
    empty: 'No entry.',
  };
}

function ruleFacts(rule: ReportedRule): readonly Fact[] {
  const window = ({ key, notBefore, notAfter }: ReportedRule['trustedKeys'][number]): string =>
    `${key} (from ${notBefore ?? 'any time'} to ${notAfter ?? 'any time'})`;
  const platforms = rule.platforms ? 'every platform manifest' : 'the image or index only';
  return facts([
    ['Trusted keys', [...rule.keys, ...rule.trustedKeys.map(window)]],
    [
      'Trusted identities',
      rule.identities.map(({ identity, issuer, claims = {} }) =>
        [`${identity} (issuer ${issuer})`, ...pairs(claims)].join(', '),
      ),
    ],
    ['Required annotations', pairs(rule.annotations)],
    ['Required format', rule.format],
    ['Required transparency', rule.transparency],
    ['Required provenance', rule.provenance ? provenanceText(rule.provenance) : 'not verified'],
    ['Required signatures', platforms],
  ]);
}

function provenanceText(expected: Readonly<Record<string, string>>): readonly string[] {
  const members = pairs(expected);
  return members.length > 0 ? members : ['any'];
}
