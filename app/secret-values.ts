import type { FieldChange } from '../render/fields.ts';

/**
 * The changed fields of an object, without the values of a Secret: what is said about them ends up in the logs of a
 * pipeline and in the comments of a merge request.
 *
 * @param key of the object: `Secret/email-relay/mailpit-auth`
 */
export function withoutSecretValues(key: string, fields: readonly FieldChange[]): readonly FieldChange[] {
  if (!key.startsWith('Secret/')) return fields;
  return fields.map((field) =>
    /^(data|stringData|sops)\b/.test(field.field) && field.field !== 'sops.lastmodified'
      ? { ...field, before: hidden(field.before), after: hidden(field.after) }
      : field,
  );
}

function hidden(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.startsWith('ENC[')) return '(encrypted)';
  // An age recipient is a public key.
  return value.startsWith('age1') ? value : '(not shown)';
}
