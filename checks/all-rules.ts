import { promises } from './promises.ts';
import type { Rule } from './rule.ts';

/** Rules that `synth` leaves to `check`: they read languages of others, whose parsers take time to load. */
export const thoroughRules: readonly Rule[] = [];

/** Every rule. */
export const allRules: readonly Rule[] = [...promises, ...thoroughRules];
