/** The pinned Go modules that schemas are made from, and how to get their sources. */
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Module, version, and the checksum as go.sum has it. */
interface Module {
  readonly path: string;
  readonly version: string;
  readonly sum: string;
}

/** Kubernetes, by target version: the OpenAPI documents, and the Go types for what these leave out. */
export const KUBERNETES: Readonly<Record<string, { readonly openapi: Module; readonly api: Module }>> = {
  '1.34': {
    openapi: {
      path: 'k8s.io/kubernetes',
      version: 'v1.34.4',
      sum: 'h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk=',
    },
    api: { path: 'k8s.io/api', version: 'v0.34.4', sum: 'h1:Z5hsoQcZ2yBjelb9j5JKzCVo9qv9XLkVm5llnqS4h+0=' },
  },
  '1.35': {
    openapi: {
      path: 'k8s.io/kubernetes',
      version: 'v1.35.4',
      sum: 'h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM=',
    },
    api: { path: 'k8s.io/api', version: 'v0.35.4', sum: 'h1:P7nFYKl5vo9AGUp1Z+Pmd3p2tA7bX2wbFWCvDeRv988=' },
  },
  '1.36': {
    openapi: {
      path: 'k8s.io/kubernetes',
      version: 'v1.36.3',
      sum: 'h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=',
    },
    api: { path: 'k8s.io/api', version: 'v0.36.3', sum: 'h1:NxB+05W2UGqXWFXcLO0RB5cnqnUPP5v5sVlaOH0Iz4w=' },
  },
};

/** Flux 2.9; the image controllers are in `checks/schemas/tools/go.mod`, since their CRDs are made from types. */
export const FLUX: readonly Module[] = [
  {
    path: 'github.com/fluxcd/source-controller',
    version: 'v1.9.5',
    sum: 'h1:MFPyCodUi9hZIMaKDsC/rYbNoyzpvrAdrPVixj7W9F0=',
  },
  {
    path: 'github.com/fluxcd/kustomize-controller',
    version: 'v1.9.5',
    sum: 'h1:/XY2zy3K7fntyppEXIHG7oRMzmfgIt50eJzUfaPX1Kc=',
  },
  {
    path: 'github.com/fluxcd/notification-controller',
    version: 'v1.9.3',
    sum: 'h1:vBONN/Lx5aQ2nDnJxYp5Sb0Wsgh13UbuP5A1MK4dmkY=',
  },
  {
    path: 'github.com/fluxcd/helm-controller',
    version: 'v1.6.4',
    sum: 'h1:u/Ew7LehrwDQaE/NqWdaB3XnNDCxRGDcp1FZl7RKj4g=',
  },
];

export const PROMETHEUS_OPERATOR: Module = {
  path: 'github.com/prometheus-operator/prometheus-operator',
  version: 'v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
};

/** Folder with the sources of a module in Go's cache, downloaded if need be. Throws when the checksum differs. */
export function sourcesOf({ path, version, sum }: Module): string {
  const output = execFileSync('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: tmpdir(), // outside any module: the version is the one named here
    encoding: 'utf8',
    maxBuffer: 1 << 20,
  });
  const { Dir, Sum } = parse(output);
  if (Sum !== sum) throw new Error(`${path}@${version} has the checksum ${Sum}, expected ${sum}`);
  return Dir;
}

function parse(output: string): { readonly Dir: string; readonly Sum: string } {
  const value: unknown = JSON.parse(output);
  if (typeof value === 'object' && value !== null && 'Dir' in value && 'Sum' in value) {
    return { Dir: String(value.Dir), Sum: String(value.Sum) };
  }
  throw new Error(`go mod download said: ${output}`);
}
