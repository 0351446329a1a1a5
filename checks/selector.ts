import type { Field } from './field.ts';
import { stringMap } from './pod.ts';

type Labels = ReadonlyMap<string, string>;

/** Are all entries of a map among these labels? */
function mapSelects(selector: Field, labels: Labels): boolean {
  return [...stringMap(selector)].every(([key, value]) => labels.get(key) === value);
}

/** Does a Service lead to pods with these labels? Without a selector it leads to none. */
export function serviceSelects(service: Field, labels: Labels): boolean {
  const selector = service.at('spec', 'selector');
  return selector.entries().length > 0 && mapSelects(selector, labels);
}

/** Does a LabelSelector (`matchLabels`, `matchExpressions`) select these labels? An empty one selects all. */
export function selects(selector: Field, labels: Labels): boolean {
  return (
    mapSelects(selector.at('matchLabels'), labels) &&
    selector
      .at('matchExpressions')
      .items()
      .every((requirement) => meets(requirement, labels))
  );
}

function meets(requirement: Field, labels: Labels): boolean {
  const value = labels.get(requirement.at('key').text ?? '');
  const values = requirement
    .at('values')
    .items()
    .map((item) => item.text);
  const operator = requirement.at('operator').text;
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  return false;
}

/** Does it select everything, because it asks for nothing? */
export function isEmptySelector(selector: Field): boolean {
  return (
    selector.exists &&
    selector.at('matchLabels').entries().length === 0 &&
    selector.at('matchExpressions').items().length === 0
  );
}
