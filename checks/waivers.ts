import { formatPath } from './field.ts';
import type { Finding } from './rule.ts';

/** A finding that somebody looked at and lets stand. */
export interface Waiver {
  readonly rule: string;
  /** `Deployment/email-relay`. */
  readonly object: string;
  /** Field in which it is, as findings name it; all fields below it count. Absent for the whole object. */
  readonly field?: string | undefined;
  readonly reason: string;
}

/** A finding, with the reason where it is waived. */
export type Judged = Finding & { readonly waived?: string };

/** The findings, those that a waiver takes off marked, and the waivers that take off none. */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
): { readonly findings: readonly Judged[]; readonly unused: readonly Waiver[] } {
  const used = new Set<Waiver>();
  const judged = findings.map((finding) => {
    const waiver = waivers.find((candidate) => covers(candidate, finding));
    if (waiver === undefined) return finding;
    used.add(waiver);
    return { ...finding, waived: waiver.reason };
  });
  return { findings: judged, unused: waivers.filter((waiver) => !used.has(waiver)) };
}

function covers({ rule, object, field = '' }: Waiver, finding: Finding): boolean {
  const path = formatPath(finding.path);
  return (
    rule === finding.rule &&
    object === finding.object &&
    (field === '' || path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`))
  );
}
