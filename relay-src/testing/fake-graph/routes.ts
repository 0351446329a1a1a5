/** Which requests the fake Graph knows. */
import type { Step } from './faults.ts';

export interface Route {
  readonly step: Step;
  readonly mailbox: string;
  readonly id: string;
}

export const routes: readonly (readonly [method: string, path: RegExp, step: Step])[] = [
  ['POST', /^\/[^/]+\/oauth2\/v2\.0\/token$/, 'token'],
  ['GET', /^\/[^/]+\/v2\.0\/\.well-known\/openid-configuration$/, 'token'],
  ['POST', /^\/v1\.0\/users\/([^/]+)\/sendMail$/, 'sendMail'],
  ['POST', /^\/v1\.0\/users\/([^/]+)\/messages$/, 'createDraft'],
  ['GET', /^\/v1\.0\/users\/([^/]+)\/mailFolders\/drafts\/messages$/, 'listDrafts'],
  ['GET', /^\/v1\.0\/users\/([^/]+)\/messages\/([^/]+)$/, 'getDraft'],
  ['DELETE', /^\/v1\.0\/users\/([^/]+)\/messages\/([^/]+)$/, 'deleteDraft'],
  ['POST', /^\/v1\.0\/users\/([^/]+)\/messages\/([^/]+)\/send$/, 'sendDraft'],
  ['POST', /^\/v1\.0\/users\/([^/]+)\/messages\/([^/]+)\/attachments$/, 'attach'],
  ['POST', /^\/v1\.0\/users\/([^/]+)\/messages\/([^/]+)\/attachments\/createUploadSession$/, 'createUpload'],
  ['PUT', /^\/(fake-upload)\/([^/]+)$/, 'upload'],
];

/** Undefined for a request that Graph does not have, or that outbox has no use for. */
export function findRoute(method: string, pathname: string): Route | undefined {
  for (const [verb, path, step] of routes) {
    const match = verb === method ? path.exec(pathname) : null;
    if (match !== null) {
      const [, mailbox = '', id = ''] = match;
      return {
        step,
        mailbox: decodeURIComponent(mailbox).toLowerCase(),
        id: decodeURIComponent(id),
      };
    }
  }
  return undefined;
}
