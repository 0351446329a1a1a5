/** The fake Graph's own endpoint: for tests that started it as a program. */
import { z } from 'zod';
import type { Answer } from './errors.ts';
import type { Step } from './faults.ts';
import { routes } from './routes.ts';
import type { FakeGraph } from './server.ts';

const faultForm = z.strictObject({
  at: z.custom<Step>((value) => routes.some(([, , step]) => step === value)).optional(),
  mailbox: z.string().optional(),
  times: z.int().optional(),
  delay: z.number().optional(),
  drop: z.enum(['before', 'inside', 'after']).optional(),
  accept: z.boolean().optional(),
  status: z.int().optional(),
  code: z.string().optional(),
  retryAfter: z.string().optional(),
});

/** What `PUT /fake/state` takes; each key is optional. */
const stateForm = z.strictObject({
  consent: z.boolean().optional(),
  credentialExpired: z.boolean().optional(),
  expireTokens: z.literal(true).optional(),
  faults: z.array(faultForm).optional(),
  weather: z
    .strictObject({ seed: z.string(), rate: z.number().min(0).max(1), patience: z.number().optional() })
    .nullable()
    .optional(),
});

/** Answers `GET /fake/ledger`, `GET /fake/state` and `PUT /fake/state`. */
export function control(graph: FakeGraph, method: string, path: string, body: Buffer): Answer {
  if (method === 'GET' && path === '/fake/ledger') return { status: 200, json: graph.ledger.entries };
  if (method === 'GET' && path === '/fake/state') {
    const requests = Object.fromEntries(graph.requests);
    return { status: 200, json: { consent: graph.consent, requests, drafts: graph.mailboxes.drafts } };
  }
  if (method !== 'PUT' || path !== '/fake/state') return { status: 404 };
  const form = stateForm.safeParse(JSON.parse(body.toString()));
  if (!form.success) return { status: 400, json: form.error.issues };
  const { consent, credentialExpired, expireTokens, faults, weather } = form.data;
  if (consent !== undefined) graph.consent = consent;
  if (credentialExpired !== undefined) graph.tokens.credentialExpired = credentialExpired;
  if (expireTokens === true) graph.tokens.expire();
  if (faults !== undefined) {
    graph.faults.clear();
    graph.faults.add(...faults);
  }
  if (weather !== undefined) graph.faults.weather = weather ?? undefined;
  return { status: 204 };
}
