import type { ObjectChange } from './change.ts';

/** A change without the values of a Secret: a diff ends up in the comments of a merge request. */
export function withoutSecrets(change: ObjectChange): ObjectChange {
  if (!change.key.startsWith('Secret/')) return change;
  return {
    ...change,
    fields: change.fields.map((field) =>
      /^(data|stringData|sops)\b/.test(field.field) && field.field !== 'sops.lastmodified'
        ? { ...field, before: hidden(field.before), after: hidden(field.after) }
        : field,
    ),
  };
}

function hidden(value: unknown): unknown {
  if (value === undefined || typeof value !== 'string') return value;
  if (value.startsWith('ENC[')) return '(encrypted)';
  // An age recipient is a public key.
  return value.startsWith('age1') ? value : '(not shown)';
}
