import { styleText } from 'node:util';
import { placeText } from '../provenance/place.ts';
import type { Input } from '../provenance/provenance.ts';
import type { Explanation } from './explain.ts';

/** Most values and inputs that are printed one by one. */
const PRINTED = 8;

/** For a terminal; the caller's stream decides about colours (NO_COLOR is honoured). */
export function printExplanation(environment: string, explanation: Explanation): string {
  const { object, field, values, file, construct, inputs } = explanation;
  const strong = (text: string): string => styleText('bold', text, { stream: process.stdout });
  const only = values.length === 1 && values[0]?.[0] === field ? ` = ${show(values[0][1])}` : '';
  const rows: [string, string][] = [
    ...(file === undefined || values.length === 0
      ? [['now', 'not rendered; what it depends on would bring it'] as [string, string]]
      : [['in', file] as [string, string]]),
    ['made by', placeText(construct)],
    ...(inputs.length === 0 ? [['setting', 'none: the same in every environment'] as [string, string]] : []),
    ...limited(inputs).flatMap(inputRows),
    ...(inputs.length > PRINTED ? [['', `… and ${inputs.length - PRINTED} more`] as [string, string]] : []),
  ];
  return [
    strong(`${environment}: ${object}${field === '' ? '' : ` ${field}`}${only}`),
    ...(only === ''
      ? limited(values).map(([text, value]) => `  ${inside(text, field)}: ${show(value)}`)
      : []),
    ...(only === '' && values.length > PRINTED ? [`  … and ${values.length - PRINTED} more fields`] : []),
    ...rows.map(([name, text]) => `  ${name.padEnd(8)} ${text}`),
    '',
  ].join('\n');
}

function inputRows(input: Input): [string, string][] {
  const { kind, name, value, isDefault, description, reason } = input;
  const what = kind === 'setting' ? name : `${kind} ${name}`;
  const source = isDefault ? `default, ${placeText(input.place)}` : placeText(input.place);
  const said = value === undefined ? 'not set' : show(value);
  return [
    [kind === 'setting' ? 'setting' : 'input', `${what} = ${said} (${source})`],
    ...(description === undefined ? [] : [['', description] as [string, string]]),
    ...(isDefault && reason !== undefined ? [['why', reason] as [string, string]] : []),
  ];
}

function limited<T>(items: readonly T[]): readonly T[] {
  return items.slice(0, PRINTED);
}

/** A field's text without that of the field around it. */
function inside(field: string, around: string): string {
  return field.slice(around.length).replace(/^\./, '');
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
