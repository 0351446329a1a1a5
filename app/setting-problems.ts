/** Validates what an environment file exports, and says what is wrong in words that a person can act on. */
import { parseInput, type SettingProblem } from '../relay-src/schema/problems.ts';
import { impossibleCombinations } from './setting-combinations.ts';
import { schema, type Settings } from './settings.ts';

export function parseSettings(input: unknown): { settings: Settings } | { problems: SettingProblem[] } {
  const parsed = parseInput(schema, input);
  if ('problems' in parsed) return parsed;
  const problems = impossibleCombinations(parsed.value);
  return problems.length > 0 ? { problems } : { settings: parsed.value };
}
