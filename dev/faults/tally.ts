/** What came of cases. */
export interface Counts {
  injected: number;
  converged: number;
  /** Faults that the run itself got over. */
  absorbed: number;
  /** Of the injected ones, those that ended the plugin's process. */
  killed: number;
  /** Cases after which cosign looked, too. */
  cosigned: number;
  /** Paths that do not even work without a fault, or whose process ended. */
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

/** What is told in the end. A sample says that it is one. */
export function toldOf(
  { injected, converged, absorbed, killed, cosigned, broken }: Counts,
  sample: number,
): readonly string[] {
  const of = sample > 1 ? `sampled 1 in ${sample}: ` : '';
  return [
    ...(broken > 0 ? [`${broken} paths (or halves of them) were not run to the end`] : []),
    `${absorbed} faults were got over within the run, ${injected - absorbed - killed} by the next one; ` +
      `${killed} processes were killed; cosign looked at ${cosigned}`,
    `${of}injected ${injected}, converged ${converged}, lost ${injected - converged}`,
  ];
}
