import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkFolder } from './check-folder.ts';
import { fixText } from './fix.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foreign-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What is said of a folder with these files, as `rule file: message`; notes of skipped files with it. */
function said(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { findings, skipped } = checkFolder(folder, { kubernetes: '1.36', flux: '2.9' });
  return [
    ...findings.map(({ severity, rule, file, message }) => `${severity} ${rule} ${file}: ${message}`),
    ...skipped.map(({ path, reason }) => `left out ${path}: ${reason}`),
  ];
}

const deployment = (container: string, pod = '') => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx:1.29
${container}${pod}`;

const MOUNT = `          volumeMounts:
            - name: data
              mountPath: /data
`;
const INDEX = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';

describe('a folder of somebody else', () => {
  it('may refer to what lies elsewhere, and may not mount what the pod does not have', () => {
    const env = `          envFrom:
            - secretRef:
                name: made-by-an-operator
`;
    expect(said({ 'a.yaml': deployment(env) })).toEqual([]);
    expect(said({ 'a.yaml': deployment(MOUNT) })).toEqual([
      'error volume-mounts a.yaml: no volume "data"; the pod has none',
    ]);
  });

  it('is judged as kustomize puts it together: a patch brings the volume, and is no object', () => {
    const files = {
      'base/kustomization.yaml': `${INDEX}resources:\n  - web.yaml\n`,
      'base/web.yaml': deployment(MOUNT),
      'prod/kustomization.yaml': `${INDEX}resources:\n  - ../base\npatches:\n  - path: volume.yaml\n`,
      'prod/volume.yaml': `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      volumes:
        - name: data
          emptyDir: {}
`,
    };
    expect(said(files)).toEqual([]);
    expect(said({ 'prod/kustomization.yaml': `${INDEX}resources:\n  - ../base\n  - gone.yaml\n` })).toContain(
      'error kustomization-complete prod/kustomization.yaml: gone.yaml does not exist',
    );
  });

  it('holds templates, values and broken files too', () => {
    const files = {
      'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
      'chart/templates/web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\n',
      'jinja.yaml': 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ name }}\n',
      'values.yaml': 'replicas: 2\n',
      'twice.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  name: b\n',
    };
    expect(said(files)).toEqual([
      'error yaml twice.yaml: Map keys must be unique',
      'left out chart/templates/web.yaml: Helm template',
      'left out jinja.yaml: template',
    ]);
  });

  it('may leave values to Flux, fields to the API server, and octal modes to YAML 1.1', () => {
    const pod = `      volumes:
        - name: data
          secret:
            secretName: web
            defaultMode: 0440
      nodeSelector:
`;
    const files = { 'a.yaml': deployment(MOUNT, pod).replace('spec:\n', 'spec:\n  replicas: ${REPLICAS}\n') };
    expect(said(files)).toEqual([]);
  });

  it('a list stands for its items', () => {
    expect(
      said({
        'a.yaml':
          'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Service\n    metadata: {name: a}\n    spec: {prots: []}\n',
      }),
    ).toEqual(['error schema a.yaml: unknown field "prots"']);
  });
});

it('--fix changes the value, and no other byte', () => {
  const text = `# mine
apiVersion: policy/v1beta1 # old
kind: PodDisruptionBudget
---
apiVersion: batch/v1beta1   # old too
kind: CronJob
data: {port: 25} # bare
`;
  const finding = { severity: 'error', file: 'a', object: 'a', message: '', remedy: '', index: 1 } as const;
  const { text: fixed, fixed: done } = fixText(text, [
    { ...finding, rule: 'api-version-served', path: ['apiVersion'], index: 0 },
    { ...finding, rule: 'api-version-served', path: ['apiVersion'] },
    { ...finding, rule: 'string-values', path: ['data', 'port'] },
  ]);
  expect(fixed).toBe(text.replace('batch/v1beta1 ', 'batch/v1 ').replace('25', '"25"'));
  expect(done).toHaveLength(2);
});
