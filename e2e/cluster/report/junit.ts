import type { Result } from '../../smoke/report.ts';

/** Results in the form that test reporters of a CI read: a suite for each group. */
export function junit(results: readonly Result[]): string {
  const suites = byGroup(results).map(([group, cases]) => {
    const failures = cases.filter(({ failure }) => failure !== undefined).length;
    const counts = `tests="${cases.length}" failures="${failures}" time="${sum(cases).toFixed(3)}"`;
    return `  <testsuite name="${escape(group)}" ${counts}>\n${cases.map(testCase).join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="e2e">\n${suites.join('')}</testsuites>\n`;
}

/** The cases of each group, in the order in which the groups began. */
export function byGroup(results: readonly Result[]): (readonly [string, readonly Result[]])[] {
  const groups = [...new Set(results.map(({ group }) => group))];
  return groups.map((name) => [name, results.filter(({ group }) => group === name)]);
}

function testCase({ group, name, seconds, failure }: Result): string {
  const head = `    <testcase classname="${escape(group)}" name="${escape(name)}" time="${seconds.toFixed(3)}"`;
  if (failure === undefined) return `${head}/>\n`;
  const [first = ''] = failure.split('\n');
  return `${head}>\n      <failure message="${escape(first)}">${escape(failure)}</failure>\n    </testcase>\n`;
}

function sum(results: readonly Result[]): number {
  return results.reduce((total, { seconds }) => total + seconds, 0);
}

/** Text in XML and in HTML: markup is no markup, and what XML 1.0 does not allow becomes a question mark. */
export function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
