/** Results of cases. */
export interface Counts {
  injected: number;
  converged: number;
  /** Faults after which the same run succeeded. */
  absorbed: number;
  /** Injected faults that killed the plugin's process. */
  killed: number;
  /** Cases that cosign verified, too. */
  cosigned: number;
  /** Paths that fail without a fault, or whose process ended. */
  broken: number;
}

export const noCounts = (): Counts => ({
  injected: 0,
  converged: 0,
  absorbed: 0,
  killed: 0,
  cosigned: 0,
  broken: 0,
});

export function sum(counts: readonly Counts[]): Counts {
  const total = noCounts();
  for (const each of counts) {
    for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += each[name];
  }
  return total;
}

/** The last lines of the output. A sample is marked as one. */
export function summaryOf(
  { injected, converged, absorbed, killed, cosigned, broken }: Counts,
  sample: number,
): readonly string[] {
  const of = sample > 1 ? `sampled 1 in ${sample}: ` : '';
  return [
    ...(broken > 0 ? [`${broken} paths or lanes did not run to the end`] : []),
    `${absorbed} runs succeeded in spite of the fault, ${injected - absorbed - killed} were repeated; ` +
      `${killed} processes were killed; cosign verified ${cosigned} results`,
    `${of}injected ${injected}, converged ${converged}, lost ${injected - converged}`,
  ];
}
