import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const document = read('docs/events.md');

type Row = [event: string, when: string, ...payload: string[]];

/** The rows of the table under a heading. */
function documented(heading: string): Row[] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return (section.match(/^\| `.+$/gm) ?? []).map((row) => {
    const [event, when, payload] = row.split('|').slice(1, -1);
    const fields = [...payload.matchAll(/`([^`]+)`/g)].map(([, field]) => field);
    return [event.trim().replaceAll('`', ''), when.trim(), ...fields];
  });
}

/** The interfaces of both files, by name: types are gone when the code runs, so their source is read. */
const interfaces = new Map<string, ts.InterfaceDeclaration>();
for (const path of ['libs/sms/src/sms.events.ts', 'apps/api/src/verification/verification.events.ts']) {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  source.forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, node);
  });
}

function propertiesOf({ members }: ts.InterfaceDeclaration): ts.PropertySignature[] {
  return members.filter((member) => ts.isPropertySignature(member));
}

/** Those of what it extends come first; a field that may be missing ends in a question mark. */
function fieldsOf(payload: ts.InterfaceDeclaration): string[] {
  const inherited = (payload.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap((type) => {
      const isPartial = type.expression.getText() === 'Partial';
      const name = isPartial ? type.typeArguments![0].getText() : type.expression.getText();
      const fields = fieldsOf(interfaces.get(name)!);
      return isPartial ? fields.map((field) => field.replace(/\??$/, '?')) : fields;
    }),
  );
  const own = propertiesOf(payload).map(
    ({ name, questionToken }) => name.getText() + (questionToken ? '?' : ''),
  );
  return [...inherited, ...own];
}

/** The events of a map, as the document should have them. */
function declared(map: string): Row[] {
  return propertiesOf(interfaces.get(map)!).map(({ name, type }) => {
    const payload = interfaces.get(type!.getText())!;
    const [comment] = ts.getJSDocCommentsAndTags(payload);
    const when = ts.getTextOfJSDocComment(comment?.comment) ?? '';
    return [(name as ts.StringLiteral).text, when, ...fieldsOf(payload)];
  });
}

describe('docs/events.md', () => {
  it.each([
    ['Of the library', 'SmsEvents'],
    ['Of the API', 'VerificationEvents'],
  ])('%s: it lists every event with its payload, and nothing else', (heading, map) => {
    expect(declared(map)).not.toEqual([]);
    expect(documented(heading)).toEqual(declared(map));
  });
});
