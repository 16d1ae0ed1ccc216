import {
  CYCLONEDX_PREDICATE_TYPE,
  OPENVEX_PREDICATE_TYPE,
  PROVENANCE_V02_PREDICATE_TYPE,
  SPDX_PREDICATE_TYPE,
  VULN_PREDICATE_TYPE,
} from '../../attest/predicate-type';
import { PROVENANCE_PREDICATE_TYPE } from '../../attest/statement';
import { isJsonObject } from '../../oci/strict-json';

/** Where predicates of known types have the time at which their content was determined. */
const TIMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  [PROVENANCE_PREDICATE_TYPE]: [
    ['runDetails', 'metadata', 'finishedOn'],
    ['runDetails', 'metadata', 'startedOn'],
  ],
  [PROVENANCE_V02_PREDICATE_TYPE]: [
    ['metadata', 'buildFinishedOn'],
    ['metadata', 'buildStartedOn'],
  ],
  [VULN_PREDICATE_TYPE]: [
    ['metadata', 'scanFinishedOn'],
    ['metadata', 'scanStartedOn'],
  ],
  [OPENVEX_PREDICATE_TYPE]: [['last_updated'], ['timestamp']],
  [SPDX_PREDICATE_TYPE]: [['creationInfo', 'created']],
  [CYCLONEDX_PREDICATE_TYPE]: [['metadata', 'timestamp']],
};

/** Returns the time that a predicate of a known type states for its content; `undefined` if it states none. */
export function predicateTime(predicateType: string, predicate: unknown): Date | undefined {
  // OpenVEX appends its version to the type.
  const type = predicateType.startsWith(`${OPENVEX_PREDICATE_TYPE}/`)
    ? OPENVEX_PREDICATE_TYPE
    : predicateType;
  const paths = Object.hasOwn(TIMES, type) ? (TIMES[type] ?? []) : [];
  for (const path of paths) {
    const value = path.reduce<unknown>(
      (object, name) => (isJsonObject(object) ? object[name] : undefined),
      predicate,
    );
    const time = typeof value === 'string' ? new Date(value) : undefined;
    if (time && !Number.isNaN(time.getTime())) return time;
  }
  return undefined;
}
