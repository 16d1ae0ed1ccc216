export {
  attestationStatement,
  MAX_PREDICATE_BYTES,
  type ParsedPredicate,
  parsePredicate,
  type PredicateInput,
  samePredicate,
} from './attestation';
export {
  isPredicateTypeName,
  parsePredicateType,
  PREDICATE_TYPES,
  predicateTypeProblems,
  type PredicateTypeName,
} from './predicate-type';
export {
  type ParsedStatement,
  type ParsedSubject,
  parseStatement,
  STATEMENT_TYPE_V01,
  subjectsOf,
} from './parsed-statement';
export {
  GITHUB_BUILD_TYPE,
  githubFormProblem,
  type GithubJob,
  githubProvenanceStatement,
} from './github-provenance';
export {
  BUILD_TYPE,
  type BuildInstructions,
  type BuildMaterials,
  type BuildRun,
  type ProvenanceDeclaration,
  type ProvenanceInput,
  type ProvenancePredicate,
  provenanceStatement,
  createsProvenance,
  type ResourceDescriptor,
} from './provenance';
export { sameProvenance } from './same-provenance';
export {
  encodeStatement,
  PROVENANCE_PREDICATE_TYPE,
  SIGNATURE_PREDICATE_TYPE,
  signatureStatement,
  type Statement,
  STATEMENT_PAYLOAD_TYPE,
  STATEMENT_TYPE,
  type Subject,
} from './statement';
