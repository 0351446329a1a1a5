import { createHash } from 'node:crypto';
import { formatPath } from '../field.ts';
import type { Rule } from '../rule.ts';
import { originOf } from './human.ts';
import type { Report, Reported } from './report.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** What GitHub and GitLab show beside the lines of a change: SARIF 2.1.0. */
export function sarif(report: Report, rules: readonly Rule[]): string {
  const ids = [...new Set(report.findings.map(({ rule }) => rule))].toSorted();
  const driver = {
    name: 'email-relay check',
    rules: ids.map((id) => describe(id, rules)),
  };
  const results = report.findings.map((finding) => result(finding, ids.indexOf(finding.rule)));
  const run = { tool: { driver }, columnKind: 'utf16CodeUnits', results };
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`;
}

function describe(id: string, rules: readonly Rule[]): object {
  const rule = rules.find((candidate) => candidate.id === id);
  if (rule === undefined) return { id };
  return {
    id,
    shortDescription: { text: rule.reason },
    help: { text: rule.remedy },
    helpUri: rule.reference,
  };
}

function result(finding: Reported, ruleIndex: number): object {
  const { rule, severity, message, remedy, object, path, place, line, waived } = finding;
  const origin = originOf(finding);
  const field = formatPath(path);
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: [`${message}. ${remedy}`, origin].filter(Boolean).join('\n') },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: encodeURI(place) }, region: { startLine: line } },
        logicalLocations: [{ fullyQualifiedName: field === '' ? object : `${object} ${field}` }],
      },
    ],
    // The line may move; what is wrong in which field stays.
    partialFingerprints: {
      'objectAndField/v1': createHash('sha256')
        .update(JSON.stringify([rule, object, path, message]))
        .digest('hex'),
    },
    ...(waived === undefined ? {} : { suppressions: [{ kind: 'inSource', justification: waived }] }),
  };
}
