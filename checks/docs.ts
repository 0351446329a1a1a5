import { thoroughRules } from './all-rules.ts';
import { readExample } from './examples.ts';
import { deliveryRules, generalRules, relayRules } from './promises.ts';
import type { Rule } from './rule.ts';

/** The page `docs/checks.md`, made from the rules and their examples. */
export function checksPage(): string {
  return `# Checks

<!-- Generated from checks/ by "npm run docs"; edit the rules and their examples instead. -->

\`npm run synth\` runs these rules over each environment before it writes a byte, and stops when one finds an error. Each is one file in \`checks/rules/\`; the examples below are its test, where \`# ✗\` marks what is found (a missing field, at the line that would hold it; a mark alone on its line, in the next one).

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
