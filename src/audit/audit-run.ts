import { setTimeout as delay } from 'node:timers/promises';

import type { RegistryClient } from '../oci';
import { mapBounded } from '../storage/bounded';
import type { AuditedImage } from './audit-report';
import { auditImage, type Comparison } from './image-audit';
import { RunReads } from './run-client';
import type { RunningImage } from './running-image';

type Pinned = Extract<RunningImage, { readonly kind: 'pinned' }>;

/** How long an audit waits for a registry that does not respond. */
export interface OutagePatience {
  /** Milliseconds without any response after which the images of a registry are `check-failed`. Default: 300000. */
  readonly patienceMs?: number | undefined;
  /** Milliseconds before the first new attempt; doubled for each further one, up to 30000. Default: 2000. */
  readonly pauseMs?: number | undefined;
  /** Called before each pause. */
  readonly onWait?: ((message: string) => void) | undefined;
}

const PARALLEL_IMAGES = 4;
const PATIENCE_MS = 5 * 60_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;
/** Images of a registry that fail in sequence before the others wait: one may have a fault of its own. */
const FAILURES_OF_OUTAGE = 2;
/** The same for a registry that has not responded in this run: its other images fail, too. */
const FAILURES_WITHOUT_RESPONSE = 8;

interface HostState {
  /** Failures since the last response. */
  failures: number;
  /** When the first of them occurred. */
  since: number;
  reason: string;
}

/**
 * Audits images, and waits for registries that stop responding: their images are audited when they respond
 * again. A registry that has not responded in this run, such as one that no longer exists, is not waited for.
 */
export class AuditRun {
  readonly #reads = new RunReads();
  /** Registries that do not respond. */
  readonly #hosts = new Map<string, HostState>();
  readonly #responded = new Set<string>();
  readonly #results = new Map<Pinned, AuditedImage>();

  constructor(
    private readonly comparison: Comparison,
    private readonly client: RegistryClient,
    private readonly patience: OutagePatience = {},
  ) {}

  /** Returns one result for each image, in the order of the images. */
  async run(images: readonly Pinned[]): Promise<readonly AuditedImage[]> {
    let pending = images;
    let pause = this.patience.pauseMs ?? FIRST_PAUSE_MS;
    for (;;) {
      const waiting = await this.#pass(pending);
      // Images that were not audited yet come first: one that always fails must not delay the others.
      pending = waiting.sort((a, b) => Number(this.#results.has(a)) - Number(this.#results.has(b)));
      if (pending.length === 0) break;
      this.patience.onWait?.(this.#waitMessage(pending, pause));
      await delay(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
    return images.map((image) => this.#results.get(image)!);
  }

  /** Audits images; returns those to audit again. */
  async #pass(images: readonly Pinned[]): Promise<Pinned[]> {
    // Each registry may fail again before its images wait.
    for (const state of this.#hosts.values()) state.failures = 0;
    const waits = await mapBounded(images, PARALLEL_IMAGES, async (image) => {
      const host = hostOf(image);
      const known = this.#hosts.get(host);
      const limit = this.#responded.has(host) ? FAILURES_OF_OUTAGE : FAILURES_WITHOUT_RESPONSE;
      if (known && known.failures >= limit) {
        return this.#isPatient(host, known) || this.#giveUp(image, known);
      }
      let hadOutage = false;
      const client = this.#reads.client(this.client, {
        onResponse: () => void this.#responded.add(host),
        onOutage: () => void (hadOutage = true),
      });
      const result = await auditImage(image, this.comparison, client);
      this.#results.set(image, result);
      if (!hadOutage) {
        this.#hosts.delete(host);
        return false;
      }
      const state = this.#failed(host, result.reason ?? result.status);
      return result.status === 'check-failed' && this.#isPatient(host, state);
    });
    return images.filter((_, index) => waits[index] === true);
  }

  #failed(host: string, reason: string): HostState {
    const state = this.#hosts.get(host) ?? { failures: 0, since: performance.now(), reason };
    state.failures += 1;
    state.reason = reason;
    this.#hosts.set(host, state);
    return state;
  }

  #isPatient(host: string, { since }: HostState): boolean {
    const waited = performance.now() - since;
    return this.#responded.has(host) && waited < (this.patience.patienceMs ?? PATIENCE_MS);
  }

  /** The image fails with the reason of its registry, without a request. */
  #giveUp(image: Pinned, { reason }: HostState): false {
    const { name, digest, containers } = image;
    if (!this.#results.has(image)) {
      this.#results.set(image, { image: name, digest, status: 'check-failed', reason, containers });
    }
    return false;
  }

  #waitMessage(pending: readonly Pinned[], pause: number): string {
    const hosts = [...new Set(pending.map(hostOf))].join(', ');
    const seconds = Math.ceil(pause / 1000);
    return `registry ${hosts} does not respond: ${pending.length} images wait, next attempt in ${seconds} s`;
  }
}

function hostOf({ repositories }: Pinned): string {
  return repositories[0]?.registry ?? '';
}
