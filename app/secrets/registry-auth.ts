import { z } from 'zod';

/** Docker's own name for its hub, which clients look up instead of `docker.io`. */
const dockerHub = 'https://index.docker.io/v1/';

const dockerConfig = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })),
});

function authKey(registry: string): string {
  return registry === 'docker.io' ? dockerHub : registry;
}

/** `.dockerconfigjson` for one registry host, for example `registry.example.local`. */
export function dockerConfigJson(registry: string, username: string, password: string): string {
  if (username === '' || username.includes(':'))
    throw new RangeError('the registry user name is empty or has a ":"');
  if (password === '') throw new RangeError('the registry password is empty');
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [authKey(registry)]: { username, password, auth } } });
}

/**
 * Takes the credential of one registry out of a Docker `config.json`; those of other registries stay behind.
 * @throws RangeError when the file holds none for it; the message quotes no value
 */
export function dockerConfigJsonFrom(registry: string, text: string): string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new RangeError('the Docker configuration is not valid JSON');
  }
  const parsed = dockerConfig.safeParse(document);
  const auth = parsed.success ? parsed.data.auths[authKey(registry)]?.auth : undefined;
  if (!auth) {
    throw new RangeError(
      `the Docker configuration holds no "auth" for ${authKey(registry)} (a credential helper keeps it elsewhere: ` +
        'give --username and --password-file instead)',
    );
  }
  return JSON.stringify({ auths: { [authKey(registry)]: { auth } } });
}
