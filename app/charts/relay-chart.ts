import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { quantityValue } from '../../checks/quantity.ts';
import { RelayAlerts } from '../../constructs/alerts.ts';
import { claim } from '../../constructs/claim.ts';
import { internet } from '../../constructs/internet.ts';
import { mailpit, mailpitNames, mailpitPorts } from '../../constructs/mailpit.ts';
import { mxValidator } from '../../constructs/mx-validator.ts';
import { allowedFlows, defaultDeny } from '../../constructs/network-policy.ts';
import { RelayDeployment } from '../../constructs/relay-deployment.ts';
import { relayService } from '../../constructs/relay-service.ts';
import { RelayServiceMonitor } from '../../constructs/service-monitor.ts';
import { smtp2graph, smtp2graphNames, smtp2graphPort } from '../../constructs/smtp2graph.ts';
import { markImage } from '../../flux/setter-marker.ts';
import { drainSeconds, ports } from '../../relay-src/mx-validator/contract.ts';
import { createHash } from 'node:crypto';
import { type Environment, FLUX_NAMESPACE, hopLimits, NAMESPACE } from '../environment.ts';
import { imageMarker } from '../images.ts';
import { FolderChart, type SecretFile } from './folder-chart.ts';
import { relayAlerts } from './relay-alerts.ts';

const LOOPBACK = '127.0.0.1';

/** All containers get SIGTERM together. mx-validator needs its drain time, and Mailpit must outlive it. */
const MAILPIT_PRE_STOP_SECONDS = drainSeconds + 5;
const GRACE_PERIOD_SECONDS = 60;

/** `k8s/<environment>`: the relay itself, in the published order of its three containers. */
export class RelayChart extends FolderChart {
  readonly #environment: Environment;

  constructor(scope: Construct, environment: Environment) {
    super(scope, 'relay', `k8s/${environment.name}`, environment.file);
    this.#environment = environment;
    const { settings, secrets } = environment;

    const secretFile = (name: string, key: Parameters<typeof secrets.get>[0]): void => {
      const file = secrets.get(key);
      if (file !== undefined) this.secret(name, file);
    };
    secretFile('10-secret-mailpit-auth.enc.yaml', 'mailpit-auth');
    secretFile('12-secret-registry.enc.yaml', 'mx-validator-registry');
    secretFile('15-secret-smtp2graph-config.enc.yaml', 'smtp2graph-config');
    this.manifest('20-deployment.yaml', 'constructs/relay-deployment.ts', this.#deployment());
    this.manifest(
      '25-pvc-mailpit.yaml',
      'constructs/claim.ts',
      this.#claim(mailpitNames.claim, settings.storage.mailpit),
    );
    this.manifest(
      '25-pvc-smtp2graph.yaml',
      'constructs/claim.ts',
      this.#claim(smtp2graphNames.claim, settings.storage.queue),
    );
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

  #deployment(): ApiObject {
    const { name, settings, images, secrets } = this.#environment;
    const limits = hopLimits(settings.largestMessage);
    const deployment = new RelayDeployment(this, 'deployment', {
      namespace: NAMESPACE,
      containers: [
        mxValidator({
          image: images['mx-validator'],
          hostName: settings.hostName,
          upstream: { host: LOOPBACK, port: mailpitPorts.smtp },
          maxMessageBytes: settings.largestMessage,
          allowedSenders: settings.senders,
          refusedDomains: settings.recipients.refusedDomains,
          checkSenderDomain: settings.checkSenderDomain,
          stripCalendarFor: settings.stripCalendarFor,
          resources: settings.resources['mx-validator'],
        }),
        mailpit({
          image: images.mailpit,
          maxMessageBytes: limits.mailpit,
          maxMessages: settings.mailpit.maxMessages,
          maxAge: settings.mailpit.maxAge,
          networkFileSystem: settings.storage.networkFileSystem ?? false,
          relay: { host: LOOPBACK, port: smtp2graphPort },
          preStopSeconds: MAILPIT_PRE_STOP_SECONDS,
          resources: settings.resources.mailpit,
        }),
        smtp2graph({ image: images.smtp2graph, resources: settings.resources.smtp2graph }),
      ],
      claims: [mailpitNames.claim, smtp2graphNames.claim],
      secrets: [mailpitNames.secret, smtp2graphNames.secret],
      checksums: {
        [mailpitNames.secret]: sha256(secrets.get(mailpitNames.secret)),
        [smtp2graphNames.secret]: sha256(secrets.get(smtp2graphNames.secret)),
      },
      ...(settings.registry.pullSecret === 'none' ? {} : { pullSecret: settings.registry.pullSecret }),
      gracePeriodSeconds: GRACE_PERIOD_SECONDS,
    });
    if (settings.imageAutomation === 'on') {
      markImage(
        deployment,
        imageMarker('mx-validator', { environment: name, policyNamespace: FLUX_NAMESPACE }),
      );
    }
    return deployment;
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
    ]);
  }

  #flows(): ApiObject {
    const { access, dns, cluster } = this.#environment.settings;
    return allowedFlows(this, NAMESPACE, {
      ingress: [
        { namespaces: access.smtp, ports: [ports.smtp] },
        { namespaces: access.metrics, ports: [ports.metrics, mailpitPorts.metrics] },
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
        { peers: internet(cluster.networks), protocols: ['TCP'], ports: [443] },
      ],
    });
  }

  #monitor(selectedBy: Record<string, string>): ApiObject {
    return new RelayServiceMonitor(this, 'service-monitor', {
      namespace: NAMESPACE,
      selectedBy,
      ports: ['mx-metrics', 'mp-metrics'],
    });
  }

  #alerts(selectedBy: Record<string, string>): ApiObject {
    const { mailpit: retention, storage } = this.#environment.settings;
    return new RelayAlerts(this, 'alerts', {
      namespace: NAMESPACE,
      selectedBy,
      alerts: relayAlerts({
        namespace: NAMESPACE,
        maxMessages: retention.maxMessages,
        mailpitVolumeBytes: quantityValue(storage.mailpit) ?? Number.NaN,
      }),
    });
  }
}

function sha256(file: SecretFile | undefined): string {
  return createHash('sha256')
    .update(file?.bytes ?? '')
    .digest('hex');
}
