import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseImageReference } from './image-reference.ts';
import { pin } from './pin.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const otherDigest = `sha256:${'f'.repeat(64)}`;

/** A stand-in for a registry: knows one tag, and shows it to those with a token from its own token server. */
const registry = createServer((request, response) => {
  const url = new URL(request.url ?? '', `http://${host}`);
  if (url.pathname === '/token') {
    const allowed = url.searchParams.get('scope') === 'repository:org/relay:pull';
    response.end(JSON.stringify(allowed ? { token: 'pull-relay' } : {}));
  } else if (request.headers.authorization !== 'Bearer pull-relay') {
    const scope = `repository:${url.pathname.split('/').slice(2, -2).join('/')}:pull`;
    response.setHeader(
      'www-authenticate',
      `Bearer realm="http://${host}/token",service="s",scope="${scope}"`,
    );
    response.writeHead(401).end();
  } else if (request.method === 'HEAD' && url.pathname === '/v2/org/relay/manifests/1.2.3') {
    response.writeHead(200, { 'docker-content-digest': digest }).end();
  } else {
    response.writeHead(404).end();
  }
});

let host = '';
const folder = mkdtempSync(join(tmpdir(), 'pin-'));
const file = join(folder, 'prod.yaml');
beforeAll(async () => {
  process.env['DOCKER_CONFIG'] = folder;
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const address = registry.address();
  host = typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
});
afterAll(() => {
  registry.close();
  rmSync(folder, { recursive: true });
});

describe('npm run pin', () => {
  const said: string[] = [];
  beforeEach(() => void said.splice(0));
  const run = (text: string, { check = false, names = [] as string[] } = {}): Promise<boolean> => {
    writeFileSync(file, text);
    return pin({ files: [file], names, check }, (line) =>
      said.push(line.replaceAll(host, 'HOST').replace(`${file}: `, '')),
    );
  };

  it('writes the digest behind the tag, and keeps every other byte', async () => {
    const text = `# why\nrelay:   "${host}/org/relay:1.2.3"   # {"$imagepolicy": "a:b"}\n`;
    expect(await run(text)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(text.replace('1.2.3', `1.2.3@${digest}`));
    expect(said).toEqual([`relay: HOST/org/relay:1.2.3 is ${digest} (had none)`]);
  });

  it('replaces a digest that the tag no longer has, and says so', async () => {
    expect(await run(`relay: ${host}/org/relay:1.2.3@${otherDigest}\n`)).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(`relay: ${host}/org/relay:1.2.3@${digest}\n`);
    expect(said[0]).toContain(`(was ${otherDigest}: the tag was moved)`);
  });

  it.each([
    { has: 'the digest', suffix: `@${digest}`, clean: true },
    { has: 'another digest', suffix: `@${otherDigest}`, clean: false },
    { has: 'no digest', suffix: '', clean: false },
  ])('--check of an image with $has: $clean, and nothing is written', async ({ suffix, clean }) => {
    const text = `relay: ${host}/org/relay:1.2.3${suffix}\n`;
    expect(await run(text, { check: true })).toBe(clean);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('writes nothing when one image does not exist, or may not be read', async () => {
    const text = `relay: ${host}/org/relay:1.2.3\nold: ${host}/org/relay:0.0.1\nhidden: ${host}/org/x:1\n`;
    expect(await run(text)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(said.slice(1)).toEqual([
      'HOST/org/relay:0.0.1 does not exist on HOST',
      'HOST/org/x:1 may not be read; for a private image do `docker login` first',
    ]);
  });

  it('leaves out the images that were not named', async () => {
    const text = `relay: ${host}/org/relay:1.2.3\nother: localhost:1/org/relay:1.2.3\n`;
    expect(await run(text, { names: ['relay'] })).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(text.replace('1.2.3', `1.2.3@${digest}`));
    await expect(run(text, { names: ['rely'] })).rejects.toThrow('no image is called rely');
  });

  it('says which registry it could not reach', async () => {
    await expect(run('relay: localhost:1/org/relay:1.2.3\n')).rejects.toThrow(
      'localhost:1 is not reachable: ',
    );
  });
});

describe('parseImageReference', () => {
  it.each([
    ['nginx:1.2', 'registry-1.docker.io', 'library/nginx'],
    ['axllent/mailpit:v1', 'registry-1.docker.io', 'axllent/mailpit'],
    ['docker.io/axllent/mailpit:v1', 'registry-1.docker.io', 'axllent/mailpit'],
    ['ghcr.io/org/relay:1', 'ghcr.io', 'org/relay'],
    ['registry.example:5000/a/b/c:1', 'registry.example:5000', 'a/b/c'],
    ['localhost/relay:1', 'localhost', 'relay'],
  ])('%s is %s/%s', (text, name, repository) => {
    expect(parseImageReference(text)).toMatchObject({ registry: name, repository });
  });

  it.each(['nginx', 'registry.example:5000/relay', `nginx@${digest}`])('%s has no tag', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });
});
