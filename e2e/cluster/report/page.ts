import type { Result } from '../../smoke/report.ts';
import { byGroup, escape } from './junit.ts';

export interface Page {
  readonly results: readonly Result[];
  readonly seconds: number;
  /** What is real, in versions. */
  readonly versions: readonly string[];
  /** What stands in for something, and what a real cluster has beyond this one. */
  readonly limits: readonly string[];
  /** The difference between `dist/` as committed and what ran. */
  readonly exchanged: string;
  /** Names of log files, beside the page. */
  readonly logs: readonly string[];
}

/** The whole run on one page, without scripts and without anything from elsewhere. */
export function page({ results, seconds, versions, limits, exchanged, logs }: Page): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const verdict = `${results.length - failed} passed, ${failed} failed in ${seconds.toFixed(0)} s`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>email-relay in a cluster: ${verdict}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  td { border-top: 1px solid #ddd; padding: .2rem .5rem; vertical-align: top; }
  td:last-child { text-align: right; white-space: nowrap; }
  pre { background: #f6f6f6; overflow-x: auto; padding: .5rem; }
  .failed { background: #fdd; }
</style>
<h1>email-relay in a cluster: ${verdict}</h1>
<p>${versions.map(escape).join(' · ')}</p>
${byGroup(results)
  .map(([group, cases]) => section(group, cases))
  .join('')}
<h2>What ran is dist/ as committed, except for</h2>
<pre>${escape(exchanged || 'nothing')}</pre>
<h2>What this cluster is not</h2>
<ul>${limits.map((line) => `<li>${escape(line)}</li>`).join('\n')}</ul>
<h2>More</h2>
<ul>${logs.map((file) => `<li><a href="${escape(file)}">${escape(file)}</a></li>`).join('\n')}</ul>
</html>
`;
}

function section(group: string, cases: readonly Result[]): string {
  const rows = cases.map(({ name, seconds, failure }) => {
    const why = failure === undefined ? '' : `<pre>${escape(failure)}</pre>`;
    const mark = failure === undefined ? '' : ' class="failed"';
    return `<tr${mark}><td>${escape(name)}${why}</td><td>${seconds.toFixed(1)} s</td></tr>\n`;
  });
  return `<h2>${escape(group)}</h2>\n<table>\n${rows.join('')}</table>\n`;
}
