/** The rules of outcome.ts as a page for `docs/`. */
import { finalCodes, outcomeRules } from './outcome.ts';

const meanings = {
  sent: 'sent: done',
  failed: 'failed: never tried again, and bounced',
  unknown: 'unknown: perhaps sent; tried again after a minute or more',
} as const;

/** Markdown of `docs/graph-outcomes.md`. */
export function outcomesPage(): string {
  const rules = outcomeRules.map(({ result, scope, when }) => {
    const then = result === 'deferred' ? 'not sent: tried again' : meanings[result];
    return `| ${when} | ${then} | ${scope ?? ''} |`;
  });
  const codes = Object.entries(finalCodes).map(
    ([code, { meaning, status }]) => `| \`${code}\` | ${status} | ${meaning} |`,
  );
  return `# What an answer of Graph means

<!-- Generated from relay-src/outbox/graph/outcome.ts by \`npm run docs\`; edit the rules there instead. -->

The first row that fits counts, for \`sendMail\` and for the sending of a draft. An answer that comes before the last byte of the request has left means that nothing was sent, whatever it says. Requests that send nothing themselves (a draft is made, a file is attached) leave nothing unknown.

Who waits: \`message\` is this one alone. \`mailbox\` is every message of the sending mailbox: one of them is tried now and then, the others follow when it gets through.

| seen | becomes | waits |
| --- | --- | --- |
${rules.join('\n')}

## Codes that are final

Only these say that the message itself can never be sent. What is not listed is tried again until it is too old, and raises an alert: an expired consent must not empty the queue into \`failed/\`.

| code | status in the bounce | meaning |
| --- | --- | --- |
${codes.join('\n')}
`;
}
