/** The rule tables as a page for `docs/`. */
import { enhancedCode } from './reply.ts';
import { limits, replies } from './rules.ts';

/** Markdown of `docs/rfc.md`. */
export function rulesPage(): string {
  const replyRows = Object.entries(replies).map(([name, rule]) => {
    const reply = `${rule.code} ${enhancedCode({ ...rule })}`.trim();
    return `| \`${name}\` | ${rule.when} | \`${reply}\` | ${rule.text.replaceAll('<', '&lt;')} | ${rule.basis} |`;
  });
  const limitRows = Object.entries(limits).map(
    ([name, rule]) => `| \`${name}\` | ${rule.what} | ${rule.value} ${rule.unit} | ${rule.basis} |`,
  );
  return `# The standard as data

<!-- Generated from relay-src/smtp/rules.ts by \`npm run docs\`; edit the tables there instead. -->

Every reply that the relay gives of its own, and every limit that no setting changes, with the clause that it rests on. The programs read these tables; a test alters each row in turn and expects one of the [dialogues](../relay-src/mx-validator/dialogues/) to fail. The name of a refusing reply is the label \`rule\` of \`mx_validator_refusals_total\`. Refusals by the next hop pass with their own codes and texts.

## Replies

| name | said when | code | text | basis |
| --- | --- | --- | --- | --- |
${replyRows.join('\n')}

## Limits

| name | of | value | basis |
| --- | --- | --- | --- |
${limitRows.join('\n')}
`;
}
