/**
 * What the API server refuses and its OpenAPI document does not say, by definition and property: its
 * validation is code (pkg/apis/core/validation, pkg/apis/apps/validation, apimachinery/pkg/util/validation).
 * Added to the generated schema.
 */
import type { Schema } from './schema.ts';

const port: Schema = { minimum: 1, maximum: 65535 };
const count: Schema = { minimum: 0 };
const positive: Schema = { minimum: 1 };
const mode: Schema = { minimum: 0, maximum: 0o777 };
const dnsLabel: Schema = { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 };
const subdomain: Schema = {
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  maxLength: 253,
};
const portName: Schema = { pattern: '^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 15 };
const portOrName: Schema = { ...port, ...portName };
const qualifiedName: Schema = {
  pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
};
const labelValue: Schema = {
  type: 'string',
  pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$',
  maxLength: 63,
};
const labels: Schema = { propertyNames: qualifiedName, additionalProperties: labelValue };
const containerResources: Schema = {
  propertyNames: { pattern: '^(cpu|memory|ephemeral-storage|hugepages-.+|.+/.+)$' },
};
const configKeys: Schema = { propertyNames: { pattern: '^[-._a-zA-Z0-9]+$', maxLength: 253 } };

export const KNOWN: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  'meta.v1.ObjectMeta': { labels, annotations: { propertyNames: qualifiedName }, namespace: dnsLabel },
  'meta.v1.LabelSelector': { matchLabels: labels },
  'meta.v1.LabelSelectorRequirement': { operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] } },
  'core.v1.ConfigMap': { data: configKeys, binaryData: configKeys },
  'core.v1.ConfigMapVolumeSource': { defaultMode: mode },
  'core.v1.Container': { name: dnsLabel },
  'core.v1.ContainerPort': { containerPort: port, hostPort: port, name: portName },
  'core.v1.EnvVar': { name: { pattern: '^[^=\\x00-\\x1f\\x7f]+$' } },
  'core.v1.ExecAction': { command: { minItems: 1 } },
  'core.v1.GRPCAction': { port },
  'core.v1.HTTPGetAction': { port: portOrName },
  'core.v1.KeyToPath': { mode },
  'core.v1.PersistentVolumeClaimSpec': { accessModes: { minItems: 1 } },
  'core.v1.PodSecurityContext': { fsGroup: count, runAsGroup: count, runAsUser: count },
  'core.v1.PodSpec': { containers: { minItems: 1 }, terminationGracePeriodSeconds: count },
  'core.v1.Probe': {
    failureThreshold: positive,
    initialDelaySeconds: count,
    periodSeconds: positive,
    successThreshold: positive,
    terminationGracePeriodSeconds: positive,
    timeoutSeconds: positive,
  },
  'core.v1.ProjectedVolumeSource': { defaultMode: mode },
  'core.v1.ResourceRequirements': { limits: containerResources, requests: containerResources },
  'core.v1.Secret': { data: configKeys, stringData: configKeys },
  'core.v1.SecretVolumeSource': { defaultMode: mode },
  'core.v1.SecurityContext': { runAsGroup: count, runAsUser: count },
  'core.v1.ServicePort': { name: dnsLabel, nodePort: port, port, targetPort: portOrName },
  'core.v1.ServiceSpec': { selector: labels },
  'core.v1.SleepAction': { seconds: count },
  'core.v1.TCPSocketAction': { port: portOrName },
  'core.v1.Volume': { name: dnsLabel },
  'core.v1.VolumeMount': { mountPath: { pattern: '^[^:]+$' } },
  'core.v1.VolumeResourceRequirements': {
    limits: { propertyNames: { enum: ['storage'] } },
    requests: { propertyNames: { enum: ['storage'] }, required: ['storage'] },
  },
  'apps.v1.DeploymentSpec': {
    minReadySeconds: count,
    progressDeadlineSeconds: count,
    replicas: count,
    revisionHistoryLimit: count,
  },
  'apps.v1.StatefulSetSpec': { replicas: count, revisionHistoryLimit: count },
  'batch.v1.JobSpec': { backoffLimit: count, completions: count, parallelism: count },
  'networking.v1.IPBlock': {
    cidr: { format: 'cidr' },
    except: { items: { type: 'string', format: 'cidr' } },
  },
  'networking.v1.NetworkPolicyPort': { endPort: port, port: portOrName },
};

/** Fields that the server asks for and the document calls optional, by definition. */
export const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'core.v1.ConfigMapVolumeSource': ['name'],
  'core.v1.Container': ['image'],
  'core.v1.LocalObjectReference': ['name'],
  'core.v1.PersistentVolumeClaimSpec': ['accessModes', 'resources'],
  'core.v1.SecretVolumeSource': ['secretName'],
  'core.v1.VolumeResourceRequirements': ['requests'],
};

/** Kinds that the server takes without a `spec`; all others need theirs, where they have one. */
export const SPEC_OPTIONAL: readonly string[] = [
  'v1/LimitRange',
  'v1/Namespace',
  'v1/ResourceQuota',
  'networking.k8s.io/v1/IngressClass',
  'networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget',
];

/** The form of `metadata.name`, by kind; a subdomain where nothing else is said. */
export const NAMES: Readonly<Record<string, Schema>> = {
  'v1/Namespace': dnsLabel,
  'v1/Service': { pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
  // Path segments: "system:auth-delegator" is a good name there.
  'rbac.authorization.k8s.io/v1/ClusterRole': {},
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': {},
  'rbac.authorization.k8s.io/v1/Role': {},
  'rbac.authorization.k8s.io/v1/RoleBinding': {},
};

export const DEFAULT_NAME = subdomain;
