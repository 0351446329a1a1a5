import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../../smoke/report.ts';
import { modules } from '../../tools/cache.ts';
import { junit } from './junit.ts';
import { page } from './page.ts';

const documentation = join(import.meta.dirname, '../../../docs/cluster.md');

/** Modules whose versions say what the cluster is. */
const shown = new Map([
  ['k8s.io/kubernetes', 'Kubernetes'],
  ['go.etcd.io/etcd/server/v3', 'etcd'],
  ['github.com/coredns/coredns', 'CoreDNS'],
  ['github.com/fluxcd/kustomize-controller', 'kustomize-controller'],
]);

/** Writes `junit.xml` and `index.html` beside the logs that are already in the folder. */
export function writeReport(folder: string, report: Report, seconds: number): void {
  const { results } = report;
  writeFileSync(join(folder, 'junit.xml'), junit(results));
  const logs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(log|jsonl|diff|xml)$/.test(name),
  );
  const difference = join(folder, 'exchanged.diff');
  const exchanged = existsSync(difference) ? readFileSync(difference, 'utf8') : '';
  const written = {
    results,
    seconds,
    versions: versions(),
    limits: limits(),
    exchanged,
    logs: logs.toSorted(),
  };
  writeFileSync(join(folder, 'index.html'), page(written));
}

/** What a real cluster has and this one lacks: the list in the documentation, one line each. */
export function limits(): string[] {
  const [, section = ''] =
    /^## What this cluster is not\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(
      readFileSync(documentation, 'utf8'),
    ) ?? [];
  return section
    .split(/^- /m)
    .slice(1)
    .map((item) => item.replaceAll(/\s+/g, ' ').replaceAll(/[*`]/g, '').trim());
}

/** `Kubernetes 1.36.3`, as go.mod pins it. */
export function versions(): string[] {
  const goMod = readFileSync(join(modules.cluster, 'go.mod'), 'utf8');
  return [...shown].map(([path, name]) => {
    const [, version = ''] = new RegExp(`^\\s*${path.replaceAll('.', '\\.')} v(\\S+)`, 'm').exec(goMod) ?? [];
    return `${name} ${version}`;
  });
}
