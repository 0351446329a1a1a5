import { describe, expect, it } from '@jest/globals';
import { allRules } from '../all-rules.ts';
import { human } from './human.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import type { Report, Reported } from './report.ts';
import { hasErrors } from './report.ts';
import { sarif } from './sarif.ts';

const finding: Reported = {
  rule: 'one-writer',
  severity: 'error',
  file: 'k8s/prod/20-deployment.yaml',
  index: 0,
  object: 'Deployment/email-relay',
  path: ['spec', 'replicas'],
  message: 'a <b> & "c" \u0007',
  remedy: 'One replica.',
  place: 'dist/k8s/prod/20 deployment.yaml',
  line: 9,
  construct: 'constructs/relay-deployment.ts:31',
  inputs: ['storage.accessMode (app/environments/prod.ts:12)'],
};

const report: Report = {
  findings: [
    finding,
    { ...finding, severity: 'warning', rule: 'mailpit-wal' },
    { ...finding, waived: 'it is read only' },
  ],
  subject: '2 objects of prod',
  notes: ['left out, as template: a.yaml'],
};

describe('a report', () => {
  it('for people names object, line, construct and setting, and counts what holds', () => {
    const text = human(report, false);
    expect(text).toContain(
      'error dist/k8s/prod/20 deployment.yaml:9 Deployment/email-relay spec.replicas: a <b>',
    );
    expect(text).toContain(
      'from constructs/relay-deployment.ts:31, setting storage.accessMode (app/environments/prod.ts:12)',
    );
    expect(text).toContain('2 objects of prod: 1 error, 1 warning, 1 waived');
    expect(hasErrors({ ...report, findings: report.findings.slice(1) })).toBe(false);
  });

  it('in JSON says the same', () => {
    const { summary, findings } = JSON.parse(json(report));
    expect(summary).toMatchObject({ errors: 1, warnings: 1, waived: 1 });
    expect(findings[0]).toMatchObject({
      rule: 'one-writer',
      line: 9,
      field: 'spec.replicas',
      construct: finding.construct,
    });
  });

  it('in SARIF has what the schema of 2.1.0 and GitHub ask for', () => {
    const log = JSON.parse(sarif(report, allRules));
    expect(log).toMatchObject({
      version: '2.1.0',
      $schema: expect.stringContaining('sarif-schema-2.1.0.json'),
    });
    const [run] = log.runs;
    expect(run.tool.driver.name).not.toBe('');
    for (const result of run.results) {
      // sarif 2.1.0, 3.27: ruleIndex points at the rule of ruleId; level is one of four; a message has a text.
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(['none', 'note', 'warning', 'error']).toContain(result.level);
      expect(result.message.text).toMatch(/\S/);
      const [{ physicalLocation }] = result.locations;
      expect(physicalLocation.region.startLine).toBeGreaterThan(0);
      expect(() => new URL(physicalLocation.artifactLocation.uri, 'file:///')).not.toThrow();
      expect(physicalLocation.artifactLocation.uri).not.toMatch(/\s|^\//);
      expect(Object.values(result.partialFingerprints)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    }
    expect(run.results[2].suppressions).toEqual([{ kind: 'inSource', justification: 'it is read only' }]);
    for (const rule of run.tool.driver.rules) expect(rule.shortDescription.text).toMatch(/\S/);
  });

  it('in JUnit is well-formed, with a test case for each rule', () => {
    const text = junit(report, ['one-writer', 'volume-mounts']);
    const root = elementsOf(text);
    expect(root.filter(({ name }) => name === 'testcase')).toHaveLength(3);
    expect(root.find(({ name }) => name === 'testsuite')?.attributes).toMatchObject({
      tests: '3',
      failures: '1',
    });
    expect(root.find(({ name }) => name === 'failure')?.attributes['message']).toBe('a <b> & "c" \uFFFD');
  });
});

interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
}

/** The elements of an XML document; throws where it is not well-formed. */
function elementsOf(xml: string): Element[] {
  const open: string[] = [];
  const found: Element[] = [];
  const rest = xml
    .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
    .replaceAll(
      /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g,
      (_, end: string, name: string, attributes: string, closed: string) => {
        if (end !== '') {
          if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
          return '';
        }
        if (closed === '') open.push(name);
        const pairs = Array.from(attributes.matchAll(/ ([a-z]+)="([^"]*)"/g), ([, key = '', value = '']) => [
          key,
          unescape(value),
        ]);
        found.push({ name, attributes: Object.fromEntries(pairs) });
        return '';
      },
    );
  if (open.length > 0 || /[<>]/.test(rest) || /&(?!(?:amp|lt|gt|quot);)/.test(xml))
    throw new Error(`not well-formed: ${rest}`);
  return found;
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
