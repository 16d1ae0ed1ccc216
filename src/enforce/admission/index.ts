export { AdmissionPolicy, type AdmissionPolicyArgs } from './admission-policy';
export {
  type AdmissionExemption,
  digestPolicy,
  type DigestPolicyArgs,
  digestPolicyProblems,
} from './digest-policy';
export type { Manifest } from './manifest';
