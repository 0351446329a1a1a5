import { describe, expect, it } from '@jest/globals';
import { example } from '../test/example-settings.ts';
import { promises } from '../checks/promises.ts';
import { runRules } from '../checks/rule.ts';
import type { TreeFile } from '../render/tree.ts';
import type { Environment } from './environment.ts';
import { renderEnvironment } from './render-environment.ts';
import type { SecretName } from './secrets/catalog.ts';
import { parseSettings } from './setting-problems.ts';
import type { SettingsInput } from './settings.ts';

const account = {
  tenant: '00000000-0000-0000-0000-000000000000',
  clientId: '00000000-0000-0000-0000-000000000000',
};
const graph = { kind: 'graph', ...account } as const;
const smarthost = {
  kind: 'smarthost',
  host: 'smtp.example.net',
  login: { kind: 'password', user: 'relay' },
} as const;
const smtp2graph = { kind: 'smtp2graph', ...account } as const;

/** The example with other settings, rendered. */
function rendered(
  changes: Partial<SettingsInput>,
  secrets: SecretName[] = ['mailpit-auth', 'outbox-credentials', 'smtp2graph-config'],
): TreeFile[] {
  const result = parseSettings({ ...example, ...changes });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  const environment: Environment = {
    name: 'prod',
    file: 'app/environments/prod.ts',
    settings: result.settings,
    images: {
      'mx-validator': 'registry.example.local/your-org/mx-validator:prod-20260101.1',
      mailpit: 'axllent/mailpit:v1.30.5',
      outbox: 'registry.example.local/your-org/outbox:prod-20260101.1',
      smtp2graph: 'smtp2graph/smtp2graph:v1.1.4',
    },
    secrets: new Map(
      secrets.map((name) => [name, { source: `secrets/prod/${name}.enc.yaml`, bytes: Buffer.from(name) }]),
    ),
  };
  return renderEnvironment(environment);
}

function paths(changes: Partial<SettingsInput>): string[] {
  return rendered(changes).map(({ path }) => path);
}

/** Everything that a file says, as text to search in. */
function said(changes: Partial<SettingsInput>, path: string): string {
  const file = rendered(changes).find((candidate) => candidate.path === path);
  return JSON.stringify(file?.kind === 'manifests' ? file.objects : undefined);
}

const DEPLOYMENT = 'k8s/prod/20-deployment.yaml';
const CONFIG = 'k8s/prod/15-configmap-outbox.yaml';
const POLICIES = 'k8s/prod/40-networkpolicy.yaml';

describe('settings', () => {
  it('monitoring none leaves out what needs the CRDs of the Prometheus operator', () => {
    const left = paths({ monitoring: { kind: 'none' } });
    expect(left).not.toContain('k8s/prod/50-servicemonitor.yaml');
    expect(left).not.toContain('k8s/prod/80-prometheusrule.yaml');
    expect(left).toHaveLength(paths({}).length - 2);
  });

  it('imageAutomation off leaves out the image objects, their Kustomization and the marker', () => {
    const files = rendered({ imageAutomation: 'off' });
    expect(files.filter(({ path }) => path.includes('image'))).toEqual([]);
    expect(files.flatMap((file) => (file.kind === 'manifests' ? file.markers : []))).toEqual([]);
    expect(rendered({}).flatMap((file) => (file.kind === 'manifests' ? file.markers : []))).toHaveLength(2);
  });

  it('the profile of a tenant keeps to one namespace, and applies with an account of its own', () => {
    const files = rendered({ flux: { profile: 'tenant' } });
    const objects = files.flatMap((file) => (file.kind === 'manifests' ? file.objects : []));
    const namespaces = objects.map((object) => JSON.stringify(object['metadata'] ?? {}));
    expect(namespaces.filter((text) => text.includes('flux-system'))).toEqual([]);
    expect(files.flatMap((file) => (file.kind === 'manifests' ? file.markers : []))).toMatchObject([
      { comment: '{"$imagepolicy": "email-relay:mx-validator-prod-policy"}' },
      { comment: '{"$imagepolicy": "email-relay:outbox-prod-policy"}' },
    ]);
    const kustomizations = objects.filter(({ apiVersion }) => apiVersion.startsWith('kustomize.toolkit'));
    expect(kustomizations.map(({ metadata }) => metadata)).toMatchObject(
      ['email-relay-app', 'email-relay-flux', 'email-relay-images'].map((name) => ({ name })),
    );
    for (const { spec } of kustomizations)
      expect(spec).toMatchObject({ serviceAccountName: 'email-relay-flux' });
  });

  it('flux.selfApply false leaves the cluster folder to a fleet repository', () => {
    expect(paths({ flux: { selfApply: false } })).not.toContain(
      'clusters/my-cluster/email-relay/20-kustomization-flux.yaml',
    );
  });

  it('a network file system turns the write-ahead log off', () => {
    const storage = { class: 'nfs-client', networkFileSystem: true };
    expect(said({ storage }, DEPLOYMENT)).toContain('{"name":"MP_DISABLE_WAL","value":"true"}');
    expect(said({}, DEPLOYMENT)).not.toContain('MP_DISABLE_WAL');
  });

  it('one largest message gives every hop its limit, each at least 64 KiB above the one before it', () => {
    const text = said({ largestMessage: '2Mi' }, DEPLOYMENT);
    expect(text).toContain('{"name":"MAX_MESSAGE_BYTES","value":"2097152"}');
    expect(text).toContain('{"name":"MP_MAX_MESSAGE_SIZE","value":"3"}');
    expect(said({ largestMessage: '2Mi' }, CONFIG)).toContain('maxSize: 2162688\\n');
    // 3 MiB less 64 KiB is the largest that still fits into Mailpit's 3; a KiB more takes the next whole one.
    expect(said({ delivery: smtp2graph, largestMessage: '3008Ki' }, DEPLOYMENT)).toContain(
      '{"name":"MP_MAX_MESSAGE_SIZE","value":"3"}',
    );
    expect(said({ delivery: smtp2graph, largestMessage: '3009Ki' }, DEPLOYMENT)).toContain(
      '{"name":"MP_MAX_MESSAGE_SIZE","value":"4"}',
    );
  });

  it('a namespace list that is empty opens nothing, instead of everything', () => {
    const closed = said({ access: { smtp: ['cal-com'], ui: [] } }, POLICIES);
    expect(closed).not.toContain('8025');
    expect(closed).not.toContain('"from":[]');
  });

  it("the cluster's own DNS is asked where it listens, NodeLocal DNSCache included", () => {
    const text = said({ dns: { cidrs: ['169.254.20.10/32'], ports: [53, 5353] } }, POLICIES);
    expect(text).toContain('{"ipBlock":{"cidr":"169.254.20.10/32"}}');
    expect(text).toContain('{"port":5353,"protocol":"UDP"}');
  });

  it('refused domains and the check of senders reach mx-validator as it reads them', () => {
    const recipients = { refusedDomains: { 'gmial.com': 'gmail.com', 'hotmial.com': 'hotmail.com' } };
    const text = said({ recipients, checkSenderDomain: true }, DEPLOYMENT);
    expect(text).toContain(
      '{"name":"REFUSED_DOMAINS","value":"gmial.com=gmail.com,hotmial.com=hotmail.com"}',
    );
    expect(text).toContain('{"name":"CHECK_SENDER_DOMAIN","value":"on"}');
  });

  it('a public registry needs no pull secret', () => {
    expect(said({ registry: { prefix: 'ghcr.io/x', pullSecret: 'none' } }, DEPLOYMENT)).not.toContain(
      'imagePullSecrets',
    );
  });

  it("outbox's Secret is read anew, and its ConfigMap restarts the pod", () => {
    const checksums = (changes: Partial<SettingsInput>): string[] =>
      said(changes, DEPLOYMENT).match(/checksum\/[a-z-]+":"\w+/g) ?? [];
    expect(checksums({}).map((text) => text.split('"')[0])).toEqual([
      'checksum/mailpit-auth',
      'checksum/outbox-config',
    ]);
    expect(checksums({ senders: ['other@example.com'] })[1]).not.toBe(checksums({})[1]);
  });

  it('with outbox, Mailpit relays nothing and needs not outlive anybody', () => {
    expect(said({}, DEPLOYMENT)).not.toMatch(/MP_SMTP_RELAY|preStop/);
    expect(said({ delivery: smtp2graph }, DEPLOYMENT)).toMatch(/MP_SMTP_RELAY_ALL.*preStop/);
  });

  it("mounts smtp2graph's old claim while its queue is taken over, and drops it with the setting", () => {
    const migrating = { delivery: { transport: graph, migrateFrom: 'smtp2graph' } } as const;
    expect(said(migrating, DEPLOYMENT)).toContain(
      '{"mountPath":"/var/spool/smtp2graph","name":"smtp2graph-data","subPath":"mailroot"}',
    );
    expect(paths(migrating)).toContain('k8s/prod/25-pvc-smtp2graph.yaml');
    expect(paths({}).filter((path) => path.includes('smtp2graph'))).toEqual([]);
  });

  it('opens the one way out that is used, and no other', () => {
    expect(said({}, POLICIES)).toMatch(/"port":443.*"cidr":"0\.0\.0\.0\/0"/);
    const proxy = { url: 'http://proxy.example:3128', networks: ['10.1.2.3/32'] };
    const behindProxy = said({ delivery: { transport: { ...graph, proxy } } }, POLICIES);
    expect(behindProxy).toContain(
      '{"ports":[{"port":3128,"protocol":"TCP"}],"to":[{"ipBlock":{"cidr":"10.1.2.3/32"}}]}',
    );
    expect(behindProxy).not.toContain('443');
    expect(said({ delivery: { transport: smarthost } }, POLICIES)).toMatch(/"port":587/);
    // Its token comes from Microsoft's login page, over HTTPS.
    const exchange = {
      ...smarthost,
      login: { kind: 'xoauth2', user: 'relay@example.com', ...account },
    } as const;
    expect(said({ delivery: { transport: exchange } }, POLICIES)).toMatch(/"port":587.*"port":443/);
  });

  it.each<[string, Partial<SettingsInput>]>([
    ['ReadWriteOncePod', { storage: { accessMode: 'ReadWriteOncePod', class: 'fast' } }],
    ['no monitoring, no automation', { monitoring: { kind: 'none' }, imageAutomation: 'off' }],
    ['a tenant', { flux: { profile: 'tenant' } }],
    [
      'a tenant with little',
      { flux: { profile: 'tenant' }, monitoring: { kind: 'none' }, imageAutomation: 'off' },
    ],
    ['a UI for nobody', { access: { smtp: ['a', 'b'], ui: [] } }],
    [
      'cluster networks of both families',
      { cluster: { name: 'x', networks: ['203.0.113.0/24', '2001:db8::/32'] } },
    ],
    ['smtp2graph', { delivery: smtp2graph }],
    ["outbox and smtp2graph's old queue", { delivery: { transport: graph, migrateFrom: 'smtp2graph' } }],
    ['a certificate', { delivery: { transport: { ...graph, credential: 'certificate' } } }],
    ['a smarthost', { delivery: { transport: smarthost }, largestMessage: '25Mi' }],
    [
      'an open smarthost in the data centre',
      { delivery: { transport: { ...smarthost, login: undefined, port: 25, networks: ['10.0.0.25/32'] } } },
    ],
    [
      'a proxy',
      {
        delivery: {
          transport: { ...graph, proxy: { url: 'http://proxy.example:3128', networks: ['10.1.2.3/32'] } },
        },
      },
    ],
    ['many senders', { senders: ['a@example.com', 'example.org'], stripCalendarFor: [] }],
  ])('keeps every promise with %s', (_what, changes) => {
    const documents = rendered(changes, []).flatMap((file) =>
      file.kind === 'manifests' ? file.objects.map((manifest) => ({ manifest, file: file.path })) : [],
    );
    // The secrets are left out: only their names are at hand here.
    const findings = runRules(promises, documents).filter(({ rule }) => rule !== 'references-exist');
    expect(findings).toEqual([]);
  });
});
