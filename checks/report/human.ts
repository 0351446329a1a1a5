import { styleText } from 'node:util';
import { formatPath } from '../field.ts';
import { count } from './report.ts';
import type { Report, Reported } from './report.ts';

/** Text for a terminal, the errors last, where a reader looks first. */
export function human(report: Report, colours: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const shown = report.findings.filter(({ waived }) => waived === undefined);
  const ordered = [...shown.filter(isWarning), ...shown.filter((finding) => !isWarning(finding))];
  const waived = report.findings.length - shown.length;
  const [errors, warnings] = [count(report, 'error'), count(report, 'warning')];
  const result =
    errors + warnings === 0
      ? paint('green', 'clean')
      : [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : '']
          .filter(Boolean)
          .join(', ');
  return [
    ...ordered.map((finding) => {
      const tag = paint(isWarning(finding) ? 'yellow' : 'red', finding.severity);
      const path = finding.path.length > 0 ? ` ${formatPath(finding.path)}` : '';
      const origin = originOf(finding);
      return [
        `${tag} ${paint('bold', `${finding.place}:${finding.line}`)} ${finding.object}${path}: ${finding.message}`,
        `  ${finding.remedy} ${paint('dim', `(${finding.rule})`)}`,
        ...(origin === '' ? [] : [paint('dim', `  ${origin}`)]),
      ].join('\n');
    }),
    ...report.notes.map((note) => paint('dim', `note: ${note}`)),
    `${report.subject}: ${result}${waived > 0 ? `, ${waived} waived` : ''}`,
    '',
  ].join('\n');
}

function isWarning({ severity }: Reported): boolean {
  return severity === 'warning';
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Where it comes from, in one line; empty where nobody knows. */
export function originOf({ construct, inputs = [] }: Reported): string {
  if (construct === undefined) return '';
  return `from ${construct}${inputs.length > 0 ? `, setting ${inputs.join(', ')}` : ''}`;
}
