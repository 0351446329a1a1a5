import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { cacheFolder, modules } from './cache.ts';
import { goBuild, requireGo } from './go.ts';
import { kubernetesVersionFlags } from './kubernetes.ts';
import { buildMailpit } from './mailpit.ts';

/** How a tool is built, and which module pins it. */
interface Recipe {
  readonly module: string;
  build(output: string): Promise<void>;
}

const { tools, cluster, lint } = modules;

const recipes = {
  age: packageOf(tools, 'filippo.io/age/cmd/age'),
  'age-keygen': packageOf(tools, 'filippo.io/age/cmd/age-keygen'),
  kustomize: packageOf(tools, 'sigs.k8s.io/kustomize/kustomize/v5'),
  mailpit: { module: tools, build: buildMailpit },
  roundtrip: packageOf(tools, './roundtrip'),
  sops: packageOf(tools, 'github.com/getsops/sops/v3/cmd/sops'),

  actionlint: packageOf(lint, 'github.com/rhysd/actionlint/cmd/actionlint'),

  coredns: packageOf(cluster, './coredns'),
  crane: packageOf(cluster, 'github.com/google/go-containerregistry/cmd/crane'),
  etcd: packageOf(cluster, 'go.etcd.io/etcd/server/v3'),
  imagepolicy: packageOf(cluster, './imagepolicy'),
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-proxy': kubernetes('kube-proxy'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubectl: kubernetes('kubectl'),
  kubelet: kubernetes('kubelet'),
  'kustomize-controller': packageOf(cluster, 'github.com/fluxcd/kustomize-controller'),
  pause: packageOf(cluster, './pause'),
} satisfies Record<string, Recipe>;

export type Tool = keyof typeof recipes;

/** The names of all tools. */
export const toolNames = Object.keys(recipes);

/** Whether a word is the name of a tool. */
export function isTool(name: string): name is Tool {
  return Object.hasOwn(recipes, name);
}

/** A package of a module's go.mod that needs no more than `go build`. */
function packageOf(module: string, packagePath: string): Recipe {
  return { module, build: (output) => goBuild(module, packagePath, output) };
}

/** A program of Kubernetes: it is told its version, which clients ask for, when it is built. */
function kubernetes(program: string): Recipe {
  const path = `k8s.io/kubernetes/cmd/${program}`;
  return {
    module: cluster,
    build: async (output) => goBuild(cluster, path, output, await kubernetesVersionFlags(cluster)),
  };
}

/** The path at which a tool is kept, when it was built before. */
export async function builtTool(name: Tool): Promise<string | undefined> {
  const path = toolPath(name);
  return (await exists(path)) ? path : undefined;
}

/** Builds that run now: who asks for the same tool meanwhile waits for them. */
const running = new Map<Tool, Promise<string>>();

/**
 * The path of a tool, which is built first when it is not in the cache.
 *
 * @param say gets a line before and after a build, which can take minutes.
 * @throws {ToolError} when Go is missing or too old, or a build fails.
 */
export async function tool(name: Tool, say: (line: string) => void): Promise<string> {
  const other = running.get(name);
  if (other !== undefined) return other;
  const path = findOrBuild(name, say).finally(() => running.delete(name));
  running.set(name, path);
  return path;
}

async function findOrBuild(name: Tool, say: (line: string) => void): Promise<string> {
  const path = toolPath(name);
  if (await exists(path)) return path;
  await requireGo(recipes[name].module);
  await mkdir(dirname(path), { recursive: true });
  say(`building ${name} with Go, kept in ${dirname(path)} …`);
  const start = performance.now();
  const unfinished = `${path}.${process.pid}`;
  await recipes[name].build(unfinished);
  await rename(unfinished, path);
  say(`built ${name} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return path;
}

function toolPath(name: Tool): string {
  return join(cacheFolder(recipes[name].module), name);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
