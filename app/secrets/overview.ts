import { secretCommandLine } from './catalog.ts';
import type { SecretsEnvironment } from './catalog.ts';
import type { SecretState } from './state.ts';

function status(state: SecretState): string {
  const codes = new Set(state.findings.map((finding) => finding.code));
  if (codes.size === 0) return 'ok';
  if (codes.has('missing')) return 'MISSING';
  if (state.findings.some((finding) => finding.severity === 'error')) return 'BROKEN';
  return codes.has('stale-settings') ? 'STALE' : 'CHECK';
}

function describe(environment: SecretsEnvironment, state: SecretState): string {
  const command = secretCommandLine(environment.name, state.name);
  const other = state.findings.filter((finding) => finding.remedy !== command);
  return [
    `${state.name}: ${status(state)}`,
    `  for   ${state.secret.purpose}`,
    `  file  ${state.path}`,
    ...state.findings.filter(({ code }) => code !== 'missing').map((finding) => `  !     ${finding.message}`),
    ...other.map((finding) => `  run   ${finding.remedy}`),
    `  ${state.text === undefined ? 'make ' : 'renew'} ${command}`,
  ].join('\n');
}

/** For people: which secrets an environment needs, for what, where they lie, what is wrong, what to run. */
export function overview(environment: SecretsEnvironment, states: readonly SecretState[]): string {
  const wrong = states.filter((state) => state.findings.length > 0).length;
  const verdict = wrong === 0 ? 'all in place' : `${wrong} to look after`;
  return [
    `Secrets of ${environment.name}, namespace ${environment.namespace}: ${verdict}`,
    ...(environment.example
      ? [
          'These are the published example: its key and values are public. Your own begin with: npm run secrets -- key',
        ]
      : []),
    ...states.map((state) => describe(environment, state)),
    'Made elsewhere, in the cluster (docs/secrets.md): sops-age, email-relay-git, registry access of ImageRepository',
  ].join('\n\n');
}
