export { clusterConfig } from './cluster-config';
export { networkReason, nextStep, statusOf, statusText } from './cluster-failure';
export { bounded, coreApi, secretsOf } from './core-api';
export { kubernetesKeys } from './kubernetes-keys';
