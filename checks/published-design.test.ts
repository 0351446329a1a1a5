import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { checkFolder } from './foreign/check-folder.ts';

const { findings } = checkFolder(fileURLToPath(new URL('fixtures/published-design', import.meta.url)), {
  kubernetes: '1.36',
  flux: '2.9',
});

describe('each mistake of the published design is found', () => {
  it.each([
    ['M1', 'a mount of a volume that the pod does not define', 'volume-mounts', /no volume "workdir"/],
    ['M2', 'two mounts of one directory', 'volume-mounted-twice', /same directory of volume smtp2graph-data/],
    ['M3', 'any SMTP password is accepted', 'mailpit-doors', /MP_SMTP_AUTH_ACCEPT_ANY/],
    ['M4', 'the next hop by a name that may be ::1', 'mailpit-relay', /"localhost" may be ::1/],
    ['M5', 'a relay failure that nobody is told', 'mailpit-relay', /MP_SMTP_RELAY_FWD_SMTP_ERRORS/],
    [
      'M6',
      "the queue in the pod's scratch space",
      'state-on-claims',
      /mailroot is on volume smtp2graph-data/,
    ],
    ['M7', 'a write-ahead log on NFS', 'mailpit-wal', /nfs-client/],
    ['M8', 'two pods on one claim while it rolls out', 'one-writer', /RollingUpdate/],
    ['M9', 'a web UI that asks for no password', 'mailpit-doors', /MP_UI_AUTH_FILE is not set/],
    ['M9', 'a secret that no pod mounts', 'unused-objects', /no pod uses this Secret/],
    ['M10', 'a policy without "from"', 'network-narrow', /no "from"/],
    ['M10', 'no policy for what goes out', 'network-default-deny', /Egress/],
    ['M11', 'a secret by subPath', 'secret-mounted-whole', /smtp2graph-config is mounted by subPath/],
    ['M12', 'no largest message', 'message-size', /Mailpit is told no largest message/],
    ['M12', 'too little memory for Mailpit', 'memory-measured', /256Mi .* mailpit/],
    ['M13', 'larger messages than Graph takes', 'smtp2graph-size', /25 MiB/],
    ['M14', 'too little memory for mx-validator', 'memory-measured', /64Mi .* mx-validator/],
    ['M15', 'root', 'run-as-non-root', /smtp2graph may run as root/],
    ['M15', 'no security context', 'drop-all-capabilities', /smtp2graph/],
    ['M16', 'port 25 without privileges', 'high-ports', /listens on 25/],
    ['M17', 'a Mailpit with known advisories', 'mailpit-version', /v1.28.3/],
    ['M18', 'no check of who sends as whom', 'mx-validator-variables', /anyone may send as anyone/],
    ['M19', 'an order of tags in which .9 is newer than .10', 'image-policy-order', /20260102\.10/],
    ['M20', 'no probes', 'probe-path', /mx-validator has no livenessProbe/],
    ['A1', 'a rate per second that is called one per minute', 'alert-text', /speaks of minutes/],
    ['A2', 'a threshold above what Mailpit keeps', 'alert-threshold', /1000 of at most 500/],
    ['A3', 'no alert on lost mail', 'alert-losses', /the next hop does not take mail/],
    ['A4', 'counters that count by themselves', 'mailpit-version', /older than v1.30.5/],
    ['D6', 'an image by the tag latest', 'image-pinned', /smtp2graph/],
  ])('%s: %s, by %s', (_id, _what, rule, words) => {
    const said = findings.filter((finding) => finding.rule === rule).map(({ message }) => message);
    expect(said.filter((message) => words.test(message))).not.toEqual([]);
  });

  it('and what no schema forbids is not said to be against one', () => {
    expect(findings.filter(({ rule }) => ['schema', 'yaml'].includes(rule))).toEqual([]);
  });
});
