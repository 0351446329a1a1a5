import { formatPath } from '../field.ts';
import { count } from './report.ts';
import type { Report } from './report.ts';

/** One object with everything, for programs. */
export function json(report: Report): string {
  const findings = report.findings.map((finding) => ({
    rule: finding.rule,
    severity: finding.severity,
    file: finding.place,
    line: finding.line,
    object: finding.object,
    field: formatPath(finding.path),
    message: finding.message,
    remedy: finding.remedy,
    construct: finding.construct,
    inputs: finding.inputs,
    waived: finding.waived,
  }));
  const summary = {
    subject: report.subject,
    errors: count(report, 'error'),
    warnings: count(report, 'warning'),
    waived: report.findings.filter(({ waived }) => waived !== undefined).length,
  };
  return `${JSON.stringify({ summary, findings, notes: report.notes }, null, 2)}\n`;
}
