import assert from 'node:assert/strict';

import { alertTests, withRules } from '../alerts/promtool.ts';
import type { Report } from './report.ts';

/** Prometheus' own tool reads the rendered alerts, and runs the cases in which each fires or stays silent. */
export async function alertCases(report: Report): Promise<void> {
  await report.case('there are alert tests', async () => assert(alertTests.length > 0));
  await withRules(async (promtool) => {
    await report.case('promtool check rules', () => promtool.checkRules());
    for (const file of alertTests) {
      await report.case(`promtool test rules ${file}`, () => promtool.testRules(file));
    }
  });
}
