import { alertsOf, textOf } from '../alerts.ts';
import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const NAMED: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};

/** Seconds of the durations that an expression and its `for` name: `5m`, `1h30m`; and plain numbers, as seconds. */
function secondsIn(text: string): ReadonlySet<number> {
  const durations = Array.from(text.matchAll(/\b((?:\d+[smhdw])+)\b/g), ([, duration = '']) =>
    Array.from(duration.matchAll(/(\d+)([smhdw])/g)).reduce(
      (sum, [, digits, unit = 's']) => sum + Number(digits) * (UNITS[unit] ?? 1),
      0,
    ),
  );
  return new Set([
    ...durations,
    ...Array.from(text.matchAll(/(?<![\w.])\d+(?:\.\d+)?(?![\w.])/g), ([digits]) => Number(digits)),
  ]);
}

/** A rate is per second; "a minute" in the text is another 60. */
const PER_MINUTE = /\b(?:per|a|each|every|\/)\s?min(?:ute)?\b/i;
const PLAIN_RATE = /\b(?:rate|irate)\(/;
const SCALED = /\*\s*60\b|\b60\s*\*|\bincrease\(/;

function* problems(alert: Field) {
  const expression = alert.at('expr');
  const text = textOf(alert);
  const terms = `${expression.text ?? ''} ${alert.at('for').text ?? ''} ${alert.at('keep_firing_for').text ?? ''}`;
  if (PER_MINUTE.test(text) && PLAIN_RATE.test(terms) && !SCALED.test(terms)) {
    yield { at: expression, message: 'it compares a rate per second, and its text speaks of minutes' };
  }
  const windows = new Set(Array.from((expression.text ?? '').matchAll(/\[(\w+)\]/g), ([, window]) => window));
  if (windows.size > 1) {
    yield { at: expression, message: `it compares what happened in ${[...windows].join(' and in ')}` };
  }
  const held = secondsIn(alert.at('for').text ?? '');
  for (const [words, digits, unit = ''] of text.matchAll(/\bfor (\d+) (second|minute|hour|day|week)s?\b/g)) {
    if (!held.has(Number(digits) * (NAMED[unit] ?? 1))) {
      yield { at: alert.at('for'), message: `its text says "${words}"` };
    }
  }
  const seconds = secondsIn(terms);
  for (const [words, digits, unit = ''] of text.matchAll(/\b(\d+) (second|minute|hour|day|week)s?\b/g)) {
    if (!seconds.has(Number(digits) * (NAMED[unit] ?? 1))) {
      yield {
        at: alert.at('annotations'),
        message: `its text says "${words}", its expression and "for" do not`,
      };
    }
  }
  for (const [words, digits, percent] of text.matchAll(/\b(?:more|less) than (\d+)(?: (%))?/gi)) {
    const number = Number(digits) / (percent === undefined ? 1 : 100);
    const isTime = new RegExp(`${words} (second|minute|hour|day|week)`).test(text);
    const isShare = percent !== undefined && !/\b0\.\d/.test(terms);
    if (!isTime && !isShare && !seconds.has(number)) {
      yield { at: alert.at('annotations'), message: `its text says "${words}", its expression does not` };
    }
  }
}

export const alertText: Rule = {
  id: 'alert-text',
  reason: 'Who is woken acts on the text: where it disagrees with the expression, on the wrong thing.',
  remedy:
    'Make text and expression from the same numbers; multiply a rate by 60 where the text says "a minute".',
  reference: 'https://prometheus.io/docs/prometheus/latest/querying/functions/#rate',
  *check(tree) {
    for (const alert of alertsOf(tree)) yield* problems(alert);
  },
};
