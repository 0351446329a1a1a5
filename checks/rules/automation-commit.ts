import { join } from 'node:path/posix';
import { imagePoliciesOf } from '../image-policy.ts';
import type { Rule } from '../rule.ts';
import { namespaceOf } from '../tree.ts';

/** Template values that image-automation-controller no longer has (v1beta2 to v1). */
const REMOVED = /\.Updated\b|\.Changed\.ImageResult\b/;

export const automationCommit: Rule = {
  id: 'automation-commit',
  reason:
    'An automation that cannot render its message, or that walks the wrong folder, stops bumping in silence.',
  remedy:
    'Use .Changed in messageTemplate, set author.email, push to the branch that the source follows with a login that may, walk a path that holds the markers, and keep policies in its namespace.',
  reference: 'https://fluxcd.io/flux/components/image/imageupdateautomations/#message-template',
  *check(tree) {
    const marked = [...tree.texts]
      .filter(([, text]) => text.includes('"$imagepolicy"'))
      .map(([file]) => file);
    for (const automation of tree.of('image.toolkit.fluxcd.io/ImageUpdateAutomation')) {
      const commit = automation.at('spec', 'git', 'commit');
      const template = commit.at('messageTemplate');
      if (template.text !== undefined && REMOVED.test(template.text)) {
        yield { at: template, message: 'it uses .Updated or .Changed.ImageResult, which Flux 2.7 removed' };
      }
      if (!commit.at('author', 'email').exists) {
        yield { at: commit.at('author', 'email'), message: 'a commit needs the address of its author' };
      }
      const source = tree.find(
        'source.toolkit.fluxcd.io/GitRepository',
        automation.at('spec', 'sourceRef', 'namespace').text ?? namespaceOf(automation),
        automation.at('spec', 'sourceRef', 'name').text ?? '',
      );
      const followed = source?.at('spec', 'ref', 'branch').text;
      for (const place of [['push'], ['checkout', 'ref']]) {
        const branch = automation.at('spec', 'git', ...place, 'branch');
        const leaves = branch.text !== undefined && followed !== undefined && branch.text !== followed;
        // Elsewhere a push branch of its own, with a pull request, is a common way.
        if (leaves && (tree.complete || place[0] === 'checkout')) {
          const message = `it says ${branch.text}, but the cluster follows ${followed}`;
          yield { at: branch, message, severity: tree.doubt };
        }
      }
      const login = source?.at('spec', 'secretRef');
      if (tree.complete && login?.exists === false && !source?.at('spec', 'provider').exists) {
        yield { at: login, message: 'without a login the automation cannot push' };
      }
      const path = automation.at('spec', 'update', 'path');
      const folder = join('.', path.text ?? '.', '.');
      const missed = marked.find(
        (file) =>
          folder !== '.' && !join(tree.place.folder, file).startsWith(`${folder.replace(/\/$/, '')}/`),
      );
      if (missed !== undefined && tree.complete) {
        const file = join(tree.place.folder, missed);
        yield { at: path, message: `it does not hold ${file}, which has a marker` };
      }
      for (const { root, id } of imagePoliciesOf(tree)) {
        if (namespaceOf(root) !== namespaceOf(automation) && tree.complete) {
          yield {
            at: root.at('metadata', 'namespace'),
            message: `the automation reads policies of its own namespace only, not ${id}`,
          };
        }
      }
    }
  },
};
