/** The certificate for STARTTLS: read at the start, and again whenever its files change, as cert-manager does. */
import { readFile } from 'node:fs/promises';
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
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const certificate = await readFiles(files);
  createSecureContext(certificate);
  return certificate;
}

async function readFiles({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  return { cert: await readFile(certFile), key: await readFile(keyFile) };
}

/**
 * Calls `onChange` with each certificate that is another than the one before, first than `current`, and `onError` once with
 * one that cannot be used, which is not taken. Reads the files by time: mounted secrets are swapped as symbolic links, which
 * change events miss, and a change right after the start is one too. Returns what stops it.
 */
export function watchCertificate(
  files: CertificateFiles,
  current: Certificate,
  interval: number,
  onChange: (certificate: Certificate) => void,
  onError: (error: unknown) => void,
): () => void {
  let last = current;
  let problem = '';
  const look = async (): Promise<void> => {
    try {
      const found = await readFiles(files);
      problem = '';
      if (found.cert.equals(last.cert) && found.key.equals(last.key)) return;
      last = found;
      createSecureContext(found);
      onChange(found);
    } catch (error) {
      if (String(error) !== problem) onError(error);
      problem = String(error);
    }
  };
  // One look after the other: a file system may take its time.
  let timer: NodeJS.Timeout;
  let stopped = false;
  const wait = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void look().then(wait), interval);
    timer.unref();
  };
  wait();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
