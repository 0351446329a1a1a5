import type { IContainer } from 'kubernetes-models/v1/Container';
import { type ContainerResources, hardenedContainer } from './hardened-container.ts';

/** Listens on loopback only (its configuration says so). */
export const smtp2graphPort = 2525;

export const smtp2graphNames = { claim: 'smtp2graph-data', secret: 'smtp2graph-config' } as const;

export interface Smtp2graphProps {
  readonly image: string;
  readonly resources: ContainerResources;
}

/**
 * The published last hop. Its image starts a script that insists on `/data/config.yml` and does not exec node, so
 * that no signal arrives (SMTP2Graph, docker/startup.sh); the program itself takes both folders as flags.
 */
export function smtp2graph(props: Smtp2graphProps): IContainer {
  // nc comes with the image's Alpine; a probe over the network could not reach a loopback port.
  const isListening = {
    exec: { command: ['nc', '-z', '-w', '3', '127.0.0.1', String(smtp2graphPort)] },
    timeoutSeconds: 5,
  };
  return hardenedContainer({
    name: 'smtp2graph',
    image: props.image,
    command: ['node', '/bin/smtp2graph.js', '--baseDir=/data', '--config=/config/config.yml'],
    workingDir: '/data',
    volumeMounts: [
      { name: smtp2graphNames.secret, mountPath: '/config', readOnly: true },
      { name: smtp2graphNames.claim, mountPath: '/data/logs', subPath: 'logs' },
      { name: smtp2graphNames.claim, mountPath: '/data/mailroot', subPath: 'mailroot' },
    ],
    resources: props.resources,
    startupProbe: { ...isListening, periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...isListening, periodSeconds: 30 },
    readinessProbe: { ...isListening, periodSeconds: 10 },
  });
}
