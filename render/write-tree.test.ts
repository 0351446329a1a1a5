import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownedFilesList } from './owned-files.ts';
import type { RenderedFile } from './tree.ts';
import { ForeignFileError, writeTree } from './write-tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-tree-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function tree(files: Record<string, string>): RenderedFile[] {
  const rendered = Object.entries(files).map(([path, text]) => ({
    path,
    source: 'x.ts',
    bytes: Buffer.from(text),
  }));
  return [...rendered, ownedFilesList(rendered)];
}

/** Every file below the folder with its text. */
function snapshot(): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
  return Object.fromEntries(files.toSorted().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

describe('writeTree', () => {
  it('says what it added, changed, removed and left as it was', () => {
    expect(writeTree(folder, tree({ 'a.yaml': '1', 'b/c.yaml': '1', 'd.yaml': '1' }))).toEqual({
      added: ['a.yaml', 'b/c.yaml', 'd.yaml'],
      changed: [],
      removed: [],
      unchanged: 0,
    });
    expect(writeTree(folder, tree({ 'a.yaml': '2', 'd.yaml': '1' }))).toEqual({
      added: [],
      changed: ['a.yaml'],
      removed: ['b/c.yaml'],
      unchanged: 1,
    });
    expect(existsSync(join(folder, 'b'))).toBe(false);
  });

  it('touches nothing when nothing changed', () => {
    writeTree(folder, tree({ 'a.yaml': '1' }));
    const before = statSync(join(folder, 'a.yaml')).ino;
    expect(writeTree(folder, tree({ 'a.yaml': '1' })).unchanged).toBe(1);
    expect(statSync(join(folder, 'a.yaml')).ino).toBe(before);
  });

  it('never removes or overwrites a file that it does not own', () => {
    writeTree(folder, tree({ 'b/mine.yaml': '1' }));
    writeFileSync(join(folder, 'b/theirs.yaml'), 'precious');
    writeTree(folder, tree({ 'a.yaml': '1' }));
    expect(readFileSync(join(folder, 'b/theirs.yaml'), 'utf8')).toBe('precious');
    expect(() => writeTree(folder, tree({ 'b/theirs.yaml': '1' }))).toThrow(ForeignFileError);
    expect(readFileSync(join(folder, 'b/theirs.yaml'), 'utf8')).toBe('precious');
  });

  it('adopts a file that is already as it should be, for instance after a lost list', () => {
    writeTree(folder, tree({ 'a.yaml': '1' }));
    rmSync(join(folder, '.manifest.json'));
    expect(writeTree(folder, tree({ 'a.yaml': '1' })).unchanged).toBe(1);
  });

  it('puts everything back when a write fails midway', () => {
    writeTree(folder, tree({ 'a.yaml': 'old', 'gone.yaml': 'old', 'z.yaml': 'old' }));
    // A folder that is not empty stands where a file shall be renamed to: the last of the renames fails.
    rmSync(join(folder, 'z.yaml'));
    mkdirSync(join(folder, 'new.yaml'));
    writeFileSync(join(folder, 'new.yaml', 'x'), 'theirs');
    const before = snapshot();
    expect(() =>
      writeTree(folder, tree({ 'a.yaml': 'new', 'n/b.yaml': 'new', 'new.yaml': 'new' })),
    ).toThrow();
    expect(snapshot()).toEqual(before);
    expect(readdirSync(folder)).toEqual(['.manifest.json', 'a.yaml', 'gone.yaml', 'new.yaml']);
  });

  it('refuses a list of owned files that would make it remove something elsewhere', () => {
    writeFileSync(
      join(folder, '.manifest.json'),
      JSON.stringify({ files: [{ path: '../precious', source: 'x' }] }),
    );
    expect(() => writeTree(folder, tree({}))).toThrow(
      /is not synth's list of files: restore it with git checkout/,
    );
  });
});
