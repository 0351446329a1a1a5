import { promises } from './promises.ts';
import type { Rule } from './rule.ts';
import { metricExported } from './rules/metric-exported.ts';
import { promqlValid } from './rules/promql-valid.ts';

/** Rules that `synth` leaves to `check`: they read languages of others, whose parsers take time to load. */
export const thoroughRules: readonly Rule[] = [promqlValid, metricExported];

/** Every rule. */
export const allRules: readonly Rule[] = [...promises, ...thoroughRules];
