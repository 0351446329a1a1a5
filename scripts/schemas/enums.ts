/**
 * Enumerations of the Kubernetes API, read from its Go types: the published OpenAPI document has none.
 * A type marked `// +enum` is closed; its constants are the values.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Values by property name. */
type Enums = ReadonlyMap<string, readonly string[]>;

/** Enumerations of the structs of one API package, such as `core/v1`, by struct. */
export function enumsOf(api: string, group: string): ReadonlyMap<string, Enums> {
  const file = join(api, group, 'types.go');
  if (!existsSync(file)) return new Map();
  const source = readFileSync(file, 'utf8');

  const closed = new Map<string, string[]>();
  for (const [, name = ''] of source.matchAll(/^\/\/ \+enum\n(?:\/\/.*\n)*type (\w+) string$/gm))
    closed.set(name, []);
  for (const [, type = '', value = ''] of source.matchAll(/^\s+\w+\s+(\w+)\s*=\s*"([^"]*)"/gm)) {
    closed.get(type)?.push(value);
  }

  const structs = new Map<string, Enums>();
  for (const [, name = '', body = ''] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
    const fields = new Map<string, readonly string[]>();
    for (const [, type = '', property = ''] of body.matchAll(
      /^\t\w+\s+(?:\[\]|\*)?(\w+)\s+`json:"([^",]+)/gm,
    )) {
      const values = closed.get(type);
      if (values !== undefined && values.length > 0) fields.set(property, values);
    }
    structs.set(name, fields);
  }
  return structs;
}
