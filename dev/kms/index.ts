import './gcp/own-roots';

export {
  type AwsCall,
  type AwsDouble,
  type AwsDoubleKey,
  type AwsFault,
  startAwsDouble,
} from './aws/double';
export { type Moto, startMoto } from './aws/moto';
export { type AzureCall, type AzureDouble, startAzureDouble } from './azure/double';
export { type AzureDoubleKey, AzureRefusal } from './azure/vault-store';
export { type GcpDouble, type GcpFault, startGcpDouble } from './gcp/double';
export { type Damage, type GcpDoubleKey, type GcpDoubleVersion, GcpRefusal } from './gcp/store';
