import { formatPath } from '../field.ts';
import type { Report, Reported } from './report.ts';

/** What most CI systems read as test results: each rule a test case, each error a failure of it. */
export function junit(report: Report, ids: readonly string[]): string {
  const found = report.findings.filter(({ waived }) => waived === undefined);
  const all = [...new Set([...ids, ...found.map(({ rule }) => rule)])].toSorted();
  const failing = all.filter((id) => errorsOf(found, id).length > 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${all.length}" failures="${failing.length}">`,
    `  <testsuite name="${escape(report.subject)}" tests="${all.length}" failures="${failing.length}">`,
    ...all.map((id) => testCase(id, found)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(id: string, found: readonly Reported[]): string {
  const errors = errorsOf(found, id);
  const warnings = found.filter(({ rule, severity }) => rule === id && severity === 'warning');
  const parts = [
    ...(errors.length > 0
      ? [
          `<failure message="${escape(errors[0]?.message ?? '')}">${escape(errors.map(lineOfText).join('\n'))}</failure>`,
        ]
      : []),
    ...(warnings.length > 0
      ? [`<system-out>${escape(warnings.map(lineOfText).join('\n'))}</system-out>`]
      : []),
  ];
  const head = `    <testcase classname="check" name="${escape(id)}"`;
  return parts.length === 0 ? `${head}/>` : `${head}>${parts.join('')}</testcase>`;
}

function errorsOf(found: readonly Reported[], id: string): readonly Reported[] {
  return found.filter(({ rule, severity }) => rule === id && severity === 'error');
}

function lineOfText({ place, line, object, path, message, remedy }: Reported): string {
  return `${place}:${line} ${object} ${formatPath(path)}: ${message}; ${remedy}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 knows no control characters but tab and line ends, not even as references. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
