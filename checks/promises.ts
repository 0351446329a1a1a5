import type { Rule } from './rule.ts';
import { alertComplete } from './rules/alert-complete.ts';
import { alertLosses } from './rules/alert-losses.ts';
import { alertText } from './rules/alert-text.ts';
import { alertThreshold } from './rules/alert-threshold.ts';
import { highPorts } from './rules/high-ports.ts';
import { memoryMeasured } from './rules/memory-measured.ts';
import { smtp2graphSize } from './rules/smtp2graph-size.ts';
import { commonLabels } from './rules/common-labels.ts';
import { probeTimes } from './rules/probe-times.ts';
import { scrapeInterval } from './rules/scrape-interval.ts';
import { mailpitVariables } from './rules/mailpit-variables.ts';
import { repeatedItems } from './rules/repeated-items.ts';
import { emptyValues } from './rules/empty-values.ts';
import { secretType } from './rules/secret-type.ts';
import { explicitFields } from './rules/explicit-fields.ts';
import { fluxIntervals } from './rules/flux-intervals.ts';
import { fluxWait } from './rules/flux-wait.ts';
import { apiVersionServed } from './rules/api-version-served.ts';
import { automationCommit } from './rules/automation-commit.ts';
import { configChecksum } from './rules/config-checksum.ts';
import { containerName } from './rules/container-name.ts';
import { containerPorts } from './rules/container-ports.ts';
import { dropAllCapabilities } from './rules/drop-all-capabilities.ts';
import { fluxAccount } from './rules/flux-account.ts';
import { fluxDecryption } from './rules/flux-decryption.ts';
import { fluxDependsOn } from './rules/flux-depends-on.ts';
import { fluxForce } from './rules/flux-force.ts';
import { fluxPath } from './rules/flux-path.ts';
import { fluxReferences } from './rules/flux-references.ts';
import { fluxSelfPrune } from './rules/flux-self-prune.ts';
import { gracePeriod } from './rules/grace-period.ts';
import { hopsConnect } from './rules/hops-connect.ts';
import { imageMarker } from './rules/image-marker.ts';
import { imagePinned } from './rules/image-pinned.ts';
import { imagePolicyOrder } from './rules/image-policy-order.ts';
import { imageTagAccepted } from './rules/image-tag-accepted.ts';
import { kustomizationComplete } from './rules/kustomization-complete.ts';
import { mailFlows } from './rules/mail-flows.ts';
import { mailpitDoors } from './rules/mailpit-doors.ts';
import { mailpitPrestop } from './rules/mailpit-prestop.ts';
import { mailpitRelay } from './rules/mailpit-relay.ts';
import { mailpitVersion } from './rules/mailpit-version.ts';
import { mailpitWal } from './rules/mailpit-wal.ts';
import { messageSize } from './rules/message-size.ts';
import { metricsScraped } from './rules/metrics-scraped.ts';
import { monitorPort } from './rules/monitor-port.ts';
import { mountedFileExists } from './rules/mounted-file-exists.ts';
import { mxValidatorVariables } from './rules/mx-validator-variables.ts';
import { namespaceExplicit } from './rules/namespace-explicit.ts';
import { namespaceFirst } from './rules/namespace-first.ts';
import { namespaceRestricted } from './rules/namespace-restricted.ts';
import { networkDefaultDeny } from './rules/network-default-deny.ts';
import { networkInternet } from './rules/network-internet.ts';
import { networkNarrow } from './rules/network-narrow.ts';
import { noHostAccess } from './rules/no-host-access.ts';
import { noPrivateKey } from './rules/no-private-key.ts';
import { noPrivilegeEscalation } from './rules/no-privilege-escalation.ts';
import { noServiceAccountToken } from './rules/no-service-account-token.ts';
import { noSubstitution } from './rules/no-substitution.ts';
import { oneWriter } from './rules/one-writer.ts';
import { outboxConfig } from './rules/outbox-config.ts';
import { outboxCredentials } from './rules/outbox-credentials.ts';
import { outboxLock } from './rules/outbox-lock.ts';
import { probePath } from './rules/probe-path.ts';
import { probePort } from './rules/probe-port.ts';
import { pruneDisabled } from './rules/prune-disabled.ts';
import { readOnlyRoot } from './rules/read-only-root.ts';
import { referencesExist } from './rules/references-exist.ts';
import { resourcesExplicit } from './rules/resources-explicit.ts';
import { runAsNonRoot } from './rules/run-as-non-root.ts';
import { seccompDefault } from './rules/seccomp-default.ts';
import { secretChecksum } from './rules/secret-checksum.ts';
import { secretEncrypted } from './rules/secret-encrypted.ts';
import { secretMountedWhole } from './rules/secret-mounted-whole.ts';
import { selectorsMatch } from './rules/selectors-match.ts';
import { serviceTargetPort } from './rules/service-target-port.ts';
import { smtpService } from './rules/smtp-service.ts';
import { stateOnClaims } from './rules/state-on-claims.ts';
import { stringValues } from './rules/string-values.ts';
import { uniqueObjects } from './rules/unique-objects.ts';
import { unusedObjects } from './rules/unused-objects.ts';
import { volumeMountedTwice } from './rules/volume-mounted-twice.ts';
import { volumeMounts } from './rules/volume-mounts.ts';
import { volumeOwnership } from './rules/volume-ownership.ts';

/**
 * What this project promises about its own manifests: pod security, network, secrets, one writer a volume,
 * order of life. Other projects may do otherwise with good reason.
 */
export const relayRules: readonly Rule[] = [
  namespaceRestricted,
  runAsNonRoot,
  readOnlyRoot,
  noPrivilegeEscalation,
  dropAllCapabilities,
  seccompDefault,
  noServiceAccountToken,
  noHostAccess,
  resourcesExplicit,
  networkDefaultDeny,
  networkNarrow,
  networkInternet,
  mailFlows,
  secretEncrypted,
  noPrivateKey,
  secretMountedWhole,
  secretChecksum,
  configChecksum,
  oneWriter,
  volumeMountedTwice,
  mailpitDoors,
  mailpitRelay,
  mailpitVersion,
  mailpitWal,
  messageSize,
  gracePeriod,
  mailpitPrestop,
  hopsConnect,
  outboxConfig,
  outboxCredentials,
  outboxLock,
  mxValidatorVariables,
  smtpService,
  metricsScraped,
  pruneDisabled,
  imagePinned,
  volumeOwnership,
  stateOnClaims,
  containerName,
  probePath,
  alertComplete,
  alertText,
  alertThreshold,
  alertLosses,
  memoryMeasured,
  commonLabels,
  explicitFields,
  probeTimes,
  scrapeInterval,
  mailpitVariables,
  highPorts,
  smtp2graphSize,
  unusedObjects,
];

/** What holds for every tree of manifests: references between objects, and what Kubernetes refuses. */
export const generalRules: readonly Rule[] = [
  volumeMounts,
  containerPorts,
  serviceTargetPort,
  selectorsMatch,
  monitorPort,
  probePort,
  stringValues,
  referencesExist,
  mountedFileExists,
  uniqueObjects,
  namespaceExplicit,
  repeatedItems,
  emptyValues,
  secretType,
  apiVersionServed,
];

/** What Flux needs: these look at a whole repository at once, however many builds are in it. */
export const deliveryRules: readonly Rule[] = [
  kustomizationComplete,
  fluxPath,
  fluxDependsOn,
  fluxWait,
  fluxIntervals,
  fluxReferences,
  noSubstitution,
  imagePolicyOrder,
  imageTagAccepted,
  imageMarker,
  automationCommit,
  fluxDecryption,
  fluxAccount,
  namespaceFirst,
  fluxForce,
  fluxSelfPrune,
];

/** Promises of the relay that are good advice for others too: they warn there. */
export const adviceRules: readonly Rule[] = [secretEncrypted, noPrivateKey, secretMountedWhole, oneWriter];

/** All rules that `synth` runs on each render. */
export const promises: readonly Rule[] = [...relayRules, ...generalRules, ...deliveryRules];
