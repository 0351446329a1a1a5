/**
 * The settings of an environment: what a user may say in `app/environments/<name>.ts`, what holds when nothing
 * is said, and why. The one source of types, run-time validation and `docs/settings.md`.
 */
import { z } from 'zod';
import { delivery } from './delivery-settings.ts';
import {
  accessMode,
  byteSize,
  cidr,
  dnsLabel,
  dnsName,
  dnsSubdomain,
  fluxDuration,
  gitUrl,
  labelValue,
  mailAddress,
  mailpitAge,
  port,
  quantity,
  repositoryPrefix,
  senderRule,
} from './setting-types.ts';

const resources = (what: string, defaults: Resources) =>
  z
    .strictObject({
      requests: z
        .strictObject({
          cpu: quantity.default(defaults.requests.cpu),
          memory: quantity.default(defaults.requests.memory),
        })
        .prefault({}),
      limits: z
        .strictObject({
          cpu: quantity.default(defaults.limits.cpu),
          memory: quantity.default(defaults.limits.memory),
        })
        .prefault({}),
    })
    .prefault({})
    .meta({ description: `requests and limits of the container ${what}` });

export interface Resources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

export const schema = z.strictObject({
  cluster: z
    .strictObject({
      name: dnsLabel.meta({
        description: 'name of the cluster: the folder `dist/clusters/<name>` that it applies',
      }),
      networks: z.array(cidr).default([]).meta({
        description: 'pod and service networks that lie outside the private ranges',
        reason:
          'private, link-local and shared ranges are closed to the pod anyway; name here what is cluster-internal beyond them',
      }),
    })
    .meta({ description: 'the cluster that runs this environment' }),

  git: z
    .strictObject({
      url: gitUrl.meta({ description: 'URL of your fork of this repository, as Flux clones it' }),
      branch: z
        .string()
        .regex(/^[\w][\w./-]*$/, 'expected a branch name, such as "main"')
        .default('main')
        .meta({
          description: 'branch that Flux follows, and that image automation pushes to',
          reason: "git's usual default",
        }),
      secret: z
        .union([dnsSubdomain, z.literal('none')])
        .default('email-relay-git')
        .meta({
          description:
            'Secret beside the Flux objects (`flux.profile`) with the credentials for `url`; `none` for a public repository without image automation',
          reason: 'image automation pushes commits, so it needs write access',
        }),
    })
    .meta({ description: 'this repository, as the cluster sees it' }),

  registry: z
    .strictObject({
      prefix: repositoryPrefix.meta({
        description: 'registry and path in front of our own image names: `<prefix>/mx-validator`',
      }),
      pullSecret: z
        .union([z.literal('mx-validator-registry'), z.literal('none')])
        .default('mx-validator-registry')
        .meta({
          description:
            'pull secret of the pod, made by `npm run secrets -- mx-validator-registry`; `none` for a public registry',
          reason: 'a registry of your own usually wants a login',
        }),
      scanSecret: dnsSubdomain.optional().meta({
        description:
          'Secret beside the Flux objects (dockerconfigjson) with which Flux lists the tags, if the registry wants a login for that',
      }),
    })
    .meta({ description: 'where the images of this repository are pushed' }),

  access: z
    .strictObject({
      smtp: z
        .array(dnsLabel)
        .min(1, 'expected at least one namespace: a relay that nobody may reach delivers nothing')
        .meta({ description: 'namespaces whose pods may send mail (port 25)' }),
      metrics: z.array(dnsLabel).default(['monitoring']).meta({
        description: 'namespaces that may scrape metrics',
        reason: 'where kube-prometheus-stack usually lives',
      }),
      ui: z.array(dnsLabel).default([]).meta({
        description:
          "namespaces that may open Mailpit's web UI (port 8025), for instance your ingress controller's",
        reason: 'nobody: the UI shows every mail; `kubectl port-forward` works without it',
      }),
    })
    .meta({ description: 'who may talk to the relay; everything else is refused by the NetworkPolicy' }),

  senders: z
    .array(senderRule)
    .min(1, 'expected at least one address ("booking@example.com") or domain ("example.com")')
    .meta({ description: 'addresses and domains that applications may send as; all else is refused' }),

  recipients: z
    .strictObject({
      refusedDomains: z.record(dnsName, dnsName).default({}).meta({
        description:
          'domains that are refused before DNS is asked, each with the one that was meant: `{ "gmial.com": "gmail.com" }`',
        reason: 'none: which typing errors your users make, only you know; parked ones have an MX and pass',
      }),
    })
    .prefault({})
    .meta({ description: 'recipients that are refused beyond what DNS says' }),

  checkSenderDomain: z.boolean().default(false).meta({
    description: 'whether a sender is refused whose domain takes no mail (null MX)',
    reason: '`senders` names the few that may send anyway',
  }),

  stripCalendarFor: z.array(mailAddress).default([]).meta({
    description: 'organizer addresses whose mail loses its calendar parts',
    reason: 'none: a calendar part is cut only where you ask for it (see docs/calendar.md)',
  }),

  hostName: dnsName.default('email-relay.email-relay.svc.cluster.local').meta({
    description: 'name in greetings, EHLO and Received headers',
    reason: "the Service's own name, which every application in the cluster already uses",
  }),

  largestMessage: byteSize.prefault('2Mi').meta({
    description: 'largest message that the relay accepts; every hop behind it takes at least 64 KiB more',
    reason: 'Graph has been reported to answer 200 and send nothing above about 2.2 MB',
  }),

  delivery,

  mailpit: z
    .strictObject({
      maxMessages: z
        .int('expected a whole number')
        .min(100, 'expected 100 or more: Mailpit prunes what is over it every minute')
        .default(5000)
        .meta({
          description: 'newest messages that Mailpit keeps',
          reason: 'about a month of a small team; older ones are pruned',
        }),
      maxAge: mailpitAge.default('30d').meta({
        description: 'age at which Mailpit deletes a message',
        reason: 'mail is personal data: keep it no longer than you look at it',
      }),
    })
    .prefault({})
    .meta({ description: 'how long the searchable copy lives' }),

  storage: z
    .strictObject({
      class: dnsSubdomain
        .optional()
        .meta({ description: "StorageClass of the claims; the cluster's default when absent" }),
      networkFileSystem: z.boolean().optional().meta({
        description:
          'true when the class is NFS, SMB or alike: SQLite then runs without its write-ahead log. Must be said when the name of the class suggests one',
      }),
      accessMode: accessMode.default('ReadWriteOnce').meta({
        description: 'access mode of the claims; immutable once they exist',
        reason:
          'every storage class has it; choose `ReadWriteOncePod` where yours does (CSI drivers), since it is what really keeps a second pod out',
      }),
      mailpit: quantity.default('2Gi').meta({
        description: 'size of the claim `mailpit-data`',
        reason: '5000 messages of 100 KB, four times over',
      }),
      queue: quantity.default('5Gi').meta({
        description: "size of the claim with the last hop's queue",
        reason: 'two days of undelivered mail of a small team',
      }),
    })
    .prefault({})
    .meta({ description: 'the persistent volumes' }),

  monitoring: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({
        kind: z.literal('operator'),
        labels: z
          .record(z.string().regex(/^[\w./-]+$/, 'expected a label name'), labelValue)
          .default({ release: 'kube-prometheus-stack' })
          .meta({
            description: 'labels that your Prometheus selects ServiceMonitor and PrometheusRule by',
            reason: 'what the Helm chart of that name selects',
          }),
      }),
    ])
    .prefault({ kind: 'operator' })
    .meta({
      description: '`operator` renders a ServiceMonitor and a PrometheusRule; `none` leaves them out',
      reason:
        'alerts are part of the promise; `none` is for a cluster without the CRDs, where one of them would fail the whole apply',
    }),

  imageAutomation: z.enum(['on', 'off'], 'expected "on" or "off"').default('on').meta({
    description: 'whether Flux bumps our own images (needs its image controllers)',
    reason:
      'on: a fix reaches the cluster without a person; it lies in a Kustomization of its own, so a cluster without the controllers still gets the relay',
  }),

  flux: z
    .strictObject({
      profile: z
        .enum(['single-tenant', 'tenant'], 'expected "single-tenant" or "tenant"')
        .default('single-tenant')
        .meta({
          description:
            "where the Flux objects live: in `flux-system`, or all in the relay's namespace, with a service account that may do no more than they need. An administrator then applies `dist/k8s/<environment>/ns` once",
          reason:
            'how `flux bootstrap` sets a cluster up; `tenant` is for one whose controllers are locked down',
        }),
      selfApply: z.boolean().default(true).meta({
        description: 'whether a Kustomization keeps `dist/clusters/<name>/email-relay` itself applied',
        reason:
          'one `kubectl apply -k` then is enough; switch off where a fleet repository reconciles that folder',
      }),
      intervals: z
        .strictObject({
          source: fluxDuration.default('1m').meta({
            description: 'how often the repository is asked for news',
            reason: "Flux's recommendation",
          }),
          apply: fluxDuration.default('1h').meta({
            description: 'how often the cluster is compared with it',
            reason: "Flux's recommendation",
          }),
          retry: fluxDuration
            .default('2m')
            .meta({ description: 'how soon a failed apply is tried again', reason: "Flux's recommendation" }),
          images: fluxDuration.default('5m').meta({
            description: 'how often the registry is asked for new tags',
            reason: 'soon enough for a roll-out, rare enough for a registry',
          }),
        })
        .prefault({}),
      author: z
        .strictObject({
          name: z.string().min(1).default('fluxcdbot').meta({
            description: 'name on the commits of image automation',
            reason: "the one of Flux's documentation",
          }),
          email: mailAddress
            .default('fluxcdbot@users.noreply.github.com')
            .meta({ description: 'address on them', reason: "the one of Flux's documentation" }),
        })
        .prefault({}),
    })
    .prefault({})
    .meta({ description: 'how Flux applies the result' }),

  dns: z
    .strictObject({
      selector: z
        .strictObject({
          namespace: dnsLabel.default('kube-system').meta({
            description: 'namespace of the DNS pods',
            reason: 'CoreDNS of nearly every distribution',
          }),
          podLabels: z
            .record(z.string(), labelValue)
            .default({ 'k8s-app': 'kube-dns' })
            .meta({ description: 'labels of the DNS pods', reason: 'CoreDNS of nearly every distribution' }),
        })
        .prefault({}),
      cidrs: z.array(cidr).default([]).meta({
        description: 'further DNS servers by address, such as `169.254.20.10/32` of NodeLocal DNSCache',
        reason: 'none needed with plain CoreDNS',
      }),
      ports: z.array(port).min(1).default([53]).meta({
        description: 'ports of DNS, UDP and TCP; OpenShift listens on 5353',
        reason: 'the standard one',
      }),
    })
    .prefault({})
    .meta({ description: "the cluster's DNS, which the pod may ask" }),

  resources: z
    .strictObject({
      'mx-validator': resources('mx-validator', {
        requests: { cpu: '25m', memory: '96Mi' },
        limits: { cpu: '1', memory: '192Mi' },
      }),
      mailpit: resources('mailpit', {
        requests: { cpu: '25m', memory: '96Mi' },
        limits: { cpu: '1', memory: '512Mi' },
      }),
      outbox: resources('outbox', {
        requests: { cpu: '25m', memory: '128Mi' },
        limits: { cpu: '1', memory: '384Mi' },
      }),
      smtp2graph: resources('smtp2graph', {
        requests: { cpu: '25m', memory: '96Mi' },
        limits: { cpu: '500m', memory: '256Mi' },
      }),
    })
    .prefault({})
    .meta({
      description: 'requests and limits by container',
      reason: 'measured: docs/operations.md says how',
    }),

  target: z
    .strictObject({
      kubernetes: z.enum(['1.34', '1.35', '1.36'], 'expected "1.34", "1.35" or "1.36"').default('1.36').meta({
        description: 'Kubernetes version of the cluster',
        reason: 'the newest that Flux 2.9 supports',
      }),
      flux: z.literal('2.9', 'expected "2.9"').default('2.9').meta({
        description: 'Flux version of the cluster',
        reason: 'the first without the beta image APIs',
      }),
    })
    .prefault({})
    .meta({ description: 'versions that the manifests are validated against' }),

  waivers: z
    .array(
      z.strictObject({
        rule: z
          .string()
          .regex(/^[a-z]+(-[a-z]+)*$/, 'expected the id of a rule, as findings and docs/checks.md name it')
          .meta({ description: 'rule whose finding stands' }),
        object: z
          .string()
          .regex(/^\w+(\/[\w.:-]+)?$/, 'expected kind and name, such as "Deployment/email-relay"')
          .meta({ description: 'object that it is about: `Deployment/email-relay`' }),
        field: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'field that it is about, with all below it; the whole object when absent' }),
        reason: z
          .string()
          .min(10, 'expected a sentence that says why')
          .meta({ description: 'why it is right here' }),
      }),
    )
    .default([])
    .meta({
      description:
        'findings of rules that you looked at and let stand; one that takes off nothing is an error',
      reason: 'none: every promise is kept',
    }),
});

/** What a user writes: everything with a default may be left out. */
export type SettingsInput = z.input<typeof schema>;

/** What the program works with: every default filled in, every combination possible. */
export type Settings = z.output<typeof schema>;

/** Gives an environment file its types; validation happens when the file is loaded. */
export function defineEnvironment(settings: SettingsInput): SettingsInput {
  return settings;
}
