import type { Bundle } from '@sigstore/bundle';

import type { Statement } from '../attest/statement';
import { SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import { formatRepository } from '../oci/reference';
import { readReferrersOnce } from '../storage/referrer-read';
import {
  type SigningJob,
  type Stored,
  reusableEnvelope,
  signManifest,
  signStatement,
  storeStatement,
  type WantedStatement,
} from './image-signing';
import type { SigningWitness } from '../key/signer';
import type {
  Progress,
  SettledSignature,
  SignImageRequest,
  SigningObserver,
  SigningTarget,
} from './request';
import type { Purpose, SignatureFormat, StoredFormat, StoredSignature } from '../storage/signature';
import type { CheckFresh, FindSignature } from './reuse';

/** The dependencies of signing on other modules. */
export interface SigningDependencies {
  /** Finds existing signatures. Default: none, so that everything is signed. */
  readonly alreadySigned?: FindSignature;
  /** Verifies a new signature before it is stored. Default: it is stored without verification. */
  readonly checkFresh?: CheckFresh;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
  /** Default: none. */
  readonly observer?: SigningObserver;
}

const FORMATS: Readonly<Record<SignatureFormat, readonly StoredFormat[]>> = {
  bundle: ['bundle'],
  legacy: ['legacy'],
  both: ['bundle', 'legacy'],
};

/** Returns the formats in which each signature is stored. */
export function storedFormats(format: SignatureFormat): readonly StoredFormat[] {
  return FORMATS[format];
}

const ignore: Progress = () => undefined;

/**
 * Signs every target, and its statements, in every requested format, and leaves existing signatures
 * unchanged. Signatures of other signers are never modified.
 *
 * The next run completes an interrupted one: stored signatures are reused, the rest is created.
 *
 * @returns the signatures that are now stored in the registry, in the order of the targets
 * @throws SignedImageError `KEY_*`, `FULCIO_FAILED`, `REKOR_FAILED`, `TSA_FAILED`, `REGISTRY_*`
 */
export async function signImage(
  request: SignImageRequest,
  client: RegistryClient,
  progress: Progress = ignore,
  dependencies: SigningDependencies = {},
): Promise<readonly SettledSignature[]> {
  const run = new SigningRun(request, client.task(), progress, dependencies);
  const signatures: SettledSignature[] = [];
  for (const target of request.targets) {
    const statements = statementsOf(target);
    // All are read before anything is written: one list contains all.
    const found = target.statementsOnly === true ? {} : await run.find(target, 'signature');
    const statementsFound: Found[] = [];
    for (const { purpose, statement } of statements)
      statementsFound.push(await run.find(target, purpose, statement));
    // Their log entries and timestamps take as long as those of the signature, and run in parallel.
    const envelopes = statements.map((wanted, index) =>
      run.envelope(target, wanted, statementsFound[index] ?? {}),
    );
    // They may reject before they are awaited.
    for (const envelope of envelopes) envelope.catch(() => undefined);
    try {
      if (target.statementsOnly !== true) signatures.push(...(await run.signature(target, found)));
      for (const [index, wanted] of statements.entries())
        signatures.push(
          ...(await run.statement(target, wanted, statementsFound[index] ?? {}, envelopes[index])),
        );
    } finally {
      // After a failure, too, no work continues after this function has returned.
      await Promise.allSettled(envelopes);
    }
  }
  await run.confirm();
  return signatures;
}

/**
 * The legacy format stores one signed entry timestamp and one timestamp. Checked before anything is
 * signed, because log entries are permanent.
 */
function checkWitnesses({ format, material: { witnesses } }: SignImageRequest): void {
  if (!storedFormats(format).includes('legacy')) return;
  const count = (kind: SigningWitness['kind']) =>
    witnesses.filter((witness) => witness.kind === kind).length;
  const reason = witnesses.some(({ bundleOnly }) => bundleOnly)
    ? 'the legacy format cannot store entries of Rekor v2, which does not return signed entry timestamps'
    : 'the legacy format stores the entry of one log and the timestamp of one authority, but more are configured';
  if (!witnesses.some(({ bundleOnly }) => bundleOnly) && count('log') < 2 && count('timestamp') < 2)
    return;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'format',
    message: `${reason}; use format "bundle"`,
  });
}

type Found = Readonly<Partial<Record<StoredFormat, StoredSignature>>>;

function statementsOf({ provenance, attestations = [] }: SigningTarget): WantedStatement[] {
  return [
    ...(provenance ? [{ purpose: 'provenance' as const, statement: provenance }] : []),
    ...attestations.map((statement) => ({ purpose: 'attestation' as const, statement })),
  ];
}

class SigningRun {
  private readonly toConfirm: Stored[] = [];
  private readonly formats: readonly StoredFormat[];

  constructor(
    private readonly request: SignImageRequest,
    private readonly client: RegistryClient,
    private readonly progress: Progress,
    private readonly dependencies: SigningDependencies,
  ) {
    this.formats = storedFormats(request.format);
    checkWitnesses(request);
  }

  async signature(target: SigningTarget, found: Found): Promise<readonly SettledSignature[]> {
    return this.each(found, target, 'signature', (format) =>
      signManifest(
        this.job(target),
        format,
        target.annotations,
        this.request.signedIdentity ?? formatRepository(this.request.repository),
      ),
    );
  }

  /** Returns the signed statement, if a requested format lacks it. */
  async envelope(
    target: SigningTarget,
    { statement }: WantedStatement,
    found: Found,
  ): Promise<Bundle | undefined> {
    if (this.formats.every((format) => found[format])) return undefined;
    return reusableEnvelope(found.bundle) ?? signStatement(this.job(target), statement);
  }

  async statement(
    target: SigningTarget,
    wanted: WantedStatement,
    found: Found,
    signed: Promise<Bundle | undefined> | undefined,
  ): Promise<readonly SettledSignature[]> {
    return this.each(found, target, wanted.purpose, async (format) => {
      const envelope = await signed;
      if (!envelope)
        throw new SignedImageError({ code: 'INTERNAL', message: 'no statement was signed' });
      return storeStatement(this.job(target), format, envelope, wanted);
    });
  }

  /** Checks that all signatures are listed, and that no other writer has removed them. */
  async confirm(): Promise<void> {
    const read = readReferrersOnce(this.client, this.request.repository);
    for (const { confirm } of this.toConfirm) await confirm(read);
  }

  private job(target: SigningTarget): SigningJob {
    const { repository, material } = this.request;
    const now = this.dependencies.now ?? (() => new Date());
    const checkFresh = this.dependencies.checkFresh ?? (() => undefined);
    const writing = this.dependencies.observer?.writing ?? (() => undefined);
    return {
      client: this.client,
      repository,
      subject: target.manifest,
      material,
      now,
      checkFresh,
      writing,
    };
  }

  async find(target: SigningTarget, purpose: Purpose, statement?: Statement): Promise<Found> {
    const { alreadySigned } = this.dependencies;
    if (!alreadySigned) return {};
    const found: Partial<Record<StoredFormat, StoredSignature>> = {};
    for (const format of this.formats) {
      const signature = await alreadySigned(
        {
          repository: this.request.repository,
          subject: target.manifest,
          purpose,
          format,
          annotations: target.annotations,
          signedIdentity: this.request.signedIdentity,
          statement,
          signer: this.request.material.description,
        },
        this.client,
      );
      if (signature) found[format] = signature;
    }
    return found;
  }

  private async each(
    found: Found,
    target: SigningTarget,
    purpose: Purpose,
    create: (format: StoredFormat) => Promise<Stored>,
  ): Promise<readonly SettledSignature[]> {
    const signatures: SettledSignature[] = [];
    for (const format of this.formats) {
      const title = `${purpose} of ${target.manifest.digest} (${format})`;
      const existing = found[format];
      this.progress(existing ? `reuse ${title}` : `sign: ${title}`);
      const signature = existing ?? (await this.store(create(format)));
      signatures.push(this.settled(signature, existing === undefined));
    }
    return signatures;
  }

  private async store(storing: Promise<Stored>): Promise<StoredSignature> {
    const stored = await storing;
    this.toConfirm.push(stored);
    return stored.signature;
  }

  private settled(signature: StoredSignature, made: boolean): SettledSignature {
    const settled = { ...signature, made };
    this.dependencies.observer?.settled?.(settled);
    return settled;
  }
}
