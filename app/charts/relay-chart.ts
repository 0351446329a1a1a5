import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { quantityValue } from '../../checks/quantity.ts';
import { RelayAlerts } from '../../constructs/alerts.ts';
import { claim } from '../../constructs/claim.ts';
import { mailpit, mailpitNames, mailpitPorts } from '../../constructs/mailpit.ts';
import { mxValidator } from '../../constructs/mx-validator.ts';
import { allowedFlows, defaultDeny } from '../../constructs/network-policy.ts';
import { RelayDeployment } from '../../constructs/relay-deployment.ts';
import { relayService } from '../../constructs/relay-service.ts';
import { RelayServiceMonitor } from '../../constructs/service-monitor.ts';
import { markImage } from '../../flux/setter-marker.ts';
import { outboxConfig } from '../../constructs/outbox.ts';
import { ports } from '../../relay-src/mx-validator/contract.ts';
import { createHash } from 'node:crypto';
import { type Environment, fluxNamespace, hopLimits, LOOPBACK, NAMESPACE } from '../environment.ts';
import { imageMarker, imageOf, ownImages } from '../images.ts';
import type { SecretName } from '../secrets/catalog.ts';
import { FolderChart } from './folder-chart.ts';
import type { LastHop } from './last-hop.ts';
import { outboxHop } from './outbox-hop.ts';
import { relayAlerts } from './relay-alerts.ts';
import { smtp2graphHop } from './smtp2graph-hop.ts';

/** All containers get SIGTERM together: mx-validator may take 40 s, and the last hop outlives it. */
const GRACE_PERIOD_SECONDS = 60;

/** `k8s/<environment>`: the relay itself, one pod with three containers. */
export class RelayChart extends FolderChart {
  readonly #environment: Environment;
  readonly #lastHop: LastHop;

  constructor(scope: Construct, environment: Environment) {
    super(scope, 'relay', `k8s/${environment.name}`, environment.file);
    this.#environment = environment;
    const { settings } = environment;
    const { delivery } = settings;
    const lastHop =
      delivery.kind === 'outbox' ? outboxHop(environment, delivery) : smtp2graphHop(environment);
    this.#lastHop = lastHop;

    this.#secret('10-secret-mailpit-auth', mailpitNames.secret);
    this.#secret('12-secret-registry', 'mx-validator-registry');
    if (lastHop.config !== undefined) {
      const config = outboxConfig(this, NAMESPACE, lastHop.config.yaml);
      this.manifest('15-configmap-outbox.yaml', 'constructs/outbox.ts', config);
    }
    if (lastHop.secret !== undefined) this.#secret(`15-secret-${lastHop.secret.name}`, lastHop.secret.name);
    this.manifest('20-deployment.yaml', 'constructs/relay-deployment.ts', this.#deployment());
    for (const { name, file, size } of [
      { name: mailpitNames.claim, file: 'mailpit', size: settings.storage.mailpit },
      ...lastHop.claims.map((queue) => ({ ...queue, size: settings.storage.queue })),
    ]) {
      this.manifest(`25-pvc-${file}.yaml`, 'constructs/claim.ts', this.#claim(name, size));
    }
    this.manifest('30-service.yaml', 'constructs/relay-service.ts', this.#service());
    this.manifest(
      '40-networkpolicy.yaml',
      'constructs/network-policy.ts',
      defaultDeny(this, NAMESPACE),
      this.#flows(),
    );
    if (settings.monitoring.kind === 'operator') {
      const { labels } = settings.monitoring;
      this.manifest('50-servicemonitor.yaml', 'constructs/service-monitor.ts', this.#monitor(labels));
      this.manifest('80-prometheusrule.yaml', 'app/charts/relay-alerts.ts', this.#alerts(labels));
    }
  }

  #secret(file: string, name: SecretName): void {
    const secret = this.#environment.secrets.get(name);
    if (secret !== undefined) this.secret(`${file}.enc.yaml`, secret);
  }

  #deployment(): ApiObject {
    const { name, settings, images } = this.#environment;
    const { container, nextHopPort, mailpitRelay, claims, secret, config } = this.#lastHop;
    const deployment = new RelayDeployment(this, 'deployment', {
      namespace: NAMESPACE,
      containers: [
        mxValidator({
          image: imageOf(images, 'mx-validator'),
          hostName: settings.hostName,
          upstream: { host: LOOPBACK, port: nextHopPort },
          maxMessageBytes: settings.largestMessage,
          allowedSenders: settings.senders,
          refusedDomains: settings.recipients.refusedDomains,
          checkSenderDomain: settings.checkSenderDomain,
          stripCalendarFor: settings.stripCalendarFor,
          resources: settings.resources['mx-validator'],
        }),
        mailpit({
          image: imageOf(images, 'mailpit'),
          maxMessageBytes: hopLimits(settings).mailpit,
          maxMessages: settings.mailpit.maxMessages,
          maxAge: settings.mailpit.maxAge,
          networkFileSystem: settings.storage.networkFileSystem ?? false,
          ...(mailpitRelay === undefined ? {} : { relay: mailpitRelay }),
          resources: settings.resources.mailpit,
        }),
        container,
      ],
      claims: [mailpitNames.claim, ...claims.map((claimed) => claimed.name)],
      secrets: [mailpitNames.secret, ...(secret === undefined ? [] : [secret.name])],
      configMaps: config === undefined ? [] : [config.name],
      checksums: {
        ...this.#secretChecksum(mailpitNames.secret),
        ...(secret?.readOnce === true ? this.#secretChecksum(secret.name) : {}),
        ...(config === undefined ? {} : { [config.name]: sha256(config.yaml) }),
      },
      ...(settings.registry.pullSecret === 'none' ? {} : { pullSecret: settings.registry.pullSecret }),
      gracePeriodSeconds: GRACE_PERIOD_SECONDS,
    });
    if (settings.imageAutomation === 'on') {
      const policyNamespace = fluxNamespace(settings);
      for (const image of ownImages(settings.delivery.kind)) {
        markImage(deployment, imageMarker(image, { environment: name, policyNamespace }));
      }
    }
    return deployment;
  }

  #secretChecksum(name: SecretName): Record<string, string> {
    return { [name]: sha256(this.#environment.secrets.get(name)?.bytes ?? '') };
  }

  #claim(name: string, size: string): ApiObject {
    const { storage } = this.#environment.settings;
    return claim(this, {
      name,
      namespace: NAMESPACE,
      accessMode: storage.accessMode,
      size,
      ...(storage.class === undefined ? {} : { storageClass: storage.class }),
    });
  }

  #service(): ApiObject {
    return relayService(this, NAMESPACE, [
      { name: 'smtp', port: 25 },
      { name: 'http', port: mailpitPorts.http },
      { name: 'mx-metrics', port: ports.metrics },
      { name: 'mp-metrics', port: mailpitPorts.metrics },
      ...this.#lastHopMetrics(),
    ]);
  }

  #flows(): ApiObject {
    const { access, dns } = this.#environment.settings;
    return allowedFlows(this, NAMESPACE, {
      ingress: [
        { namespaces: access.smtp, ports: [ports.smtp] },
        {
          namespaces: access.metrics,
          ports: [ports.metrics, mailpitPorts.metrics, ...this.#lastHopMetrics().map(({ port }) => port)],
        },
        { namespaces: access.ui, ports: [mailpitPorts.http] },
      ],
      egress: [
        {
          peers: [
            { kind: 'pods', namespace: dns.selector.namespace, labels: dns.selector.podLabels },
            ...dns.cidrs.map((cidr) => ({ kind: 'network', cidr }) as const),
          ],
          protocols: ['UDP', 'TCP'],
          ports: dns.ports,
        },
        ...this.#lastHop.egress,
      ],
    });
  }

  #lastHopMetrics(): NonNullable<LastHop['metrics']>[] {
    const { metrics } = this.#lastHop;
    return metrics === undefined ? [] : [metrics];
  }

  #monitor(selectedBy: Record<string, string>): ApiObject {
    return new RelayServiceMonitor(this, 'service-monitor', {
      namespace: NAMESPACE,
      selectedBy,
      ports: ['mx-metrics', 'mp-metrics', ...this.#lastHopMetrics().map(({ name }) => name)],
    });
  }

  #alerts(selectedBy: Record<string, string>): ApiObject {
    const { mailpit: retention, storage, delivery } = this.#environment.settings;
    return new RelayAlerts(this, 'alerts', {
      namespace: NAMESPACE,
      selectedBy,
      alerts: relayAlerts({
        namespace: NAMESPACE,
        lastHop: delivery.kind,
        maxMessages: retention.maxMessages,
        mailpitVolumeBytes: quantityValue(storage.mailpit) ?? Number.NaN,
        queueVolumeBytes: quantityValue(storage.queue) ?? Number.NaN,
      }),
    });
  }
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
