import type { Bundle } from '@sigstore/bundle';

import { SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import { readReferrersOnce } from '../storage/referrer-read';
import {
  type SigningJob,
  type Stored,
  reusableEnvelope,
  signManifest,
  signStatement,
  storeProvenance,
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

/** What signing takes from others. */
export interface SigningDependencies {
  /** Finds what is signed already. Default: nothing is, so all is signed. */
  readonly alreadySigned?: FindSignature;
  /** Verifies what was just made, before it is stored. Default: it is stored as it is. */
  readonly checkFresh?: CheckFresh;
  /** Default: the machine's clock. */
  readonly now?: () => Date;
  /** Default: nobody is told. */
  readonly observer?: SigningObserver;
}

const FORMATS: Readonly<Record<SignatureFormat, readonly StoredFormat[]>> = {
  bundle: ['bundle'],
  legacy: ['legacy'],
  both: ['bundle', 'legacy'],
};

/** The formats in which each signature is stored. */
export function storedFormats(format: SignatureFormat): readonly StoredFormat[] {
  return FORMATS[format];
}

const ignore: Progress = () => undefined;

/**
 * Signs every target, and its provenance, in every format that was asked for, and leaves what is
 * signed already as it is. What others signed is never touched.
 *
 * A run that was stopped is finished by the next one: what arrived is reused, the rest is made.
 *
 * @returns what now stands in the registry, in the order of the targets
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
    // All of it before anything is written: one list tells of both.
    const found = {
      signature: await run.find(target, 'signature'),
      provenance: target.provenance ? await run.find(target, 'provenance') : {},
    };
    // Its witnesses take as long as those of the signature, and need not wait for them.
    const envelope = run.envelope(target, found.provenance);
    // It may fail before anybody waits for it.
    envelope.catch(() => undefined);
    try {
      signatures.push(...(await run.signature(target, found.signature)));
      signatures.push(...(await run.provenance(target, found.provenance, envelope)));
    } finally {
      // Whatever fails, nothing goes on after the answer.
      await envelope.catch(() => undefined);
    }
  }
  await run.confirm();
  return signatures;
}

/**
 * The legacy format holds one signed entry timestamp and one timestamp. Told before anything is
 * signed, because what a log was sent stays there.
 */
function checkWitnesses({ format, material: { witnesses } }: SignImageRequest): void {
  if (!storedFormats(format).includes('legacy')) return;
  const count = (kind: SigningWitness['kind']) =>
    witnesses.filter((witness) => witness.kind === kind).length;
  const why = witnesses.some(({ bundleOnly }) => bundleOnly)
    ? 'the legacy format cannot hold an entry of a Rekor v2, which gives no signed entry timestamp'
    : 'the legacy format holds the entry of one log and the timestamp of one authority, and more are asked';
  if (!witnesses.some(({ bundleOnly }) => bundleOnly) && count('log') < 2 && count('timestamp') < 2)
    return;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'format',
    message: `${why}; use format "bundle"`,
  });
}

type Found = Readonly<Partial<Record<StoredFormat, StoredSignature>>>;

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
      signManifest(this.job(target), format, target.annotations),
    );
  }

  /** The signed provenance, where it is wanted in a format that lacks it. */
  async envelope(target: SigningTarget, found: Found): Promise<Bundle | undefined> {
    const { provenance } = target;
    if (!provenance || this.formats.every((format) => found[format])) return undefined;
    return reusableEnvelope(found.bundle) ?? signStatement(this.job(target), provenance);
  }

  async provenance(
    target: SigningTarget,
    found: Found,
    signed: Promise<Bundle | undefined>,
  ): Promise<readonly SettledSignature[]> {
    const { provenance } = target;
    if (!provenance) return [];
    return this.each(found, target, 'provenance', async (format) => {
      const envelope = await signed;
      if (!envelope)
        throw new SignedImageError({ code: 'INTERNAL', message: 'no provenance was signed' });
      return storeProvenance(this.job(target), format, envelope, provenance.predicateType);
    });
  }

  /** Looks whether all of it is there, and that no writer elsewhere has undone it. */
  async confirm(): Promise<void> {
    const look = readReferrersOnce(this.client, this.request.repository);
    for (const { confirm } of this.toConfirm) await confirm(look);
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

  async find(target: SigningTarget, purpose: Purpose): Promise<Found> {
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
          provenance: purpose === 'provenance' ? target.provenance : undefined,
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
    make: (format: StoredFormat) => Promise<Stored>,
  ): Promise<readonly SettledSignature[]> {
    const signatures: SettledSignature[] = [];
    for (const format of this.formats) {
      const what = `${purpose} of ${target.manifest.digest} (${format})`;
      const there = found[format];
      this.progress(there ? `reuse ${what}` : `sign: ${what}`);
      signatures.push(this.settled(there ?? (await this.made(make(format))), there === undefined));
    }
    return signatures;
  }

  private async made(making: Promise<Stored>): Promise<StoredSignature> {
    const stored = await making;
    this.toConfirm.push(stored);
    return stored.signature;
  }

  private settled(signature: StoredSignature, made: boolean): SettledSignature {
    const settled = { ...signature, made };
    this.dependencies.observer?.settled?.(settled);
    return settled;
  }
}
