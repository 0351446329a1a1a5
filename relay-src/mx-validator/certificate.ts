/** The certificate for STARTTLS: read at the start, and again whenever its files change, as cert-manager does. */
import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';
import { createSecureContext } from 'node:tls';

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Throws if a file is missing or the key does not belong to the certificate. */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const certificate = { cert: await readFile(certFile), key: await readFile(keyFile) };
  createSecureContext(certificate);
  return certificate;
}

/**
 * Calls `onChange` with each new certificate and `onError` with one that cannot be used, which is not taken.
 * Looks by time: mounted secrets are swapped as symbolic links, which change events miss. Returns what stops it.
 */
export function watchCertificate(
  files: CertificateFiles,
  interval: number,
  onChange: (certificate: Certificate) => void,
  onError: (error: unknown) => void,
): () => void {
  const reread = (): void => void readCertificate(files).then(onChange, onError);
  const paths = [files.certFile, files.keyFile];
  for (const path of paths) watchFile(path, { interval, persistent: false }, reread);
  return () => {
    for (const path of paths) unwatchFile(path, reread);
  };
}
