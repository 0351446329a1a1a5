import { thoroughRules } from './all-rules.ts';
import { readExample } from './examples.ts';
import { deliveryRules, generalRules, relayRules } from './promises.ts';
import type { Rule } from './rule.ts';

/** The page `docs/checks.md`, made from the rules and their examples. */
export function checksPage(): string {
  return `# Checks

<!-- Generated from checks/ by "npm run docs"; edit the rules and their examples instead. -->

\`npm run synth\` runs these rules over each environment before it writes a byte, and stops when one finds an error. \`npm run check\` runs them too, with strict schemas of the versions that the environment names (\`target\`), over what the sources render and over the committed \`dist/\`. Exit codes: 0 no error (warnings may be), 1 errors, 2 could not run.

| you want to | do |
| --- | --- |
| check this repository | \`npm run check\`; with \`-- --drift\` also that \`dist/\` is what the sources render |
| check manifests anywhere | \`npm run check -- PATH\`, with \`--kubernetes 1.34\` for another version than 1.36 |
| have the simple ones repaired there | \`npm run check -- PATH --fix\`: bare numbers quoted, renamed API versions; no other byte changes |
| feed another program | \`--format json\`, \`sarif\` (GitHub, GitLab) or \`junit\`, with \`--output FILE\` |
| let a finding stand | \`waivers: [{ rule, object, field, reason }]\` in the environment; one that takes off nothing is an error |
| see what the rules are worth | \`npm run mutants\`: 200 mutants of \`dist/\`, each with the rule that caught it |
| see whether they cry wolf | \`npm run upstream\`: examples of Kubernetes, Flux and the Prometheus operator |

Every finding names object, field, file and line, and for this repository the construct and the settings that it comes from.

A tree of somebody else is read as kustomize puts it together (resources, components, patches, labels, namespaces); Helm templates are left out, and said to be. What such a tree refers to may lie elsewhere, so rules about references are silent there, or warn where the only other spelling is at hand. The promises of the relay hold for those who run it; others get the general rules, and plain secrets, private keys, shared claims and Secrets by subPath as warnings.

What lives among the mutants, about one in twenty: texts for people with a letter too many; names that nothing refers to (an alert, a group of rules, an automation); addresses and namespaces outside of this repository, of which nobody here can know whether they exist; numbers that are still reasonable (a probe's period of 6 s instead of 5). \`npm run check -- --drift\` finds them all.

Each rule is one file in \`checks/rules/\`; the examples below are its test, where \`# ✗\` marks what is found (a missing field, at the line that would hold it; a mark alone on its line, in the next one).

## Promises of the relay

${relayRules.map(section).join('\n')}
## Every tree of manifests

${generalRules.map(section).join('\n')}
## Delivery by Flux

${deliveryRules.map(section).join('\n')}
## In check only

Their parsers take time to load, so \`npm run synth\` leaves them out.

${thoroughRules.map(section).join('\n')}`;
}

function section({ id, reason, remedy, reference }: Rule): string {
  return `### ${id}

${escape(reason)}

**The right way:** ${escape(remedy)} [Reference](${reference})

\`\`\`yaml
${readExample(id, 'bad').text.trimEnd()}
\`\`\`

<details><summary>Right</summary>

\`\`\`yaml
${readExample(id, 'good').text.trimEnd()}
\`\`\`

</details>
`;
}

/** Plain text in Markdown: nothing in it is emphasis, HTML or a link. */
function escape(text: string): string {
  return text.replaceAll(/[\\`*_<>$[\]]/g, (character) => `\\${character}`);
}
