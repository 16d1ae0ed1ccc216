export { kubernetesKeys } from './kubernetes-keys';
