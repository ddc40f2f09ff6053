// The compatibility table: what the passed tests prove of OpenWhisk's surface, and what is left out.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../install.mjs';

export const TABLE = join(root, 'docs/reference/openwhisk-compatibility.md');
const LEFT_OUT = join(root, 'docs/reference/left-out.json');
/** Rooms whose tests speak of what callers see. */
const SURFACE = /^(src\/(api|entities|accounts|compose|system|client|runtimes|invoker)|test)\//;
const OPERATION = /^(?:(GET|PUT|POST|DELETE|HEAD|OPTIONS|PATCH|ANY)(?:, [A-Z, ]+)? (\/\S*))(?::? (.*))?$/;
const HEAD = `# What of OpenWhisk this platform has

Generated from the tests that passed (\`npm run compatibility\` writes it, \`npm test\` checks it): each line is a behaviour and
the file with the test that proves it.
`;

/** @param {string} lines of the reporter */
export function compatibilityTable(lines) {
  const proofs = lines.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line)).filter(({ file, name }) => SURFACE.test(file) && name !== file);
  const operations = new Map();
  const others = new Map();
  for (const { file, within, name } of proofs) {
    const titles = [...within, name];
    const at = titles.findIndex((title) => OPERATION.test(title));
    const [, method, path, rest] = at < 0 ? [] : OPERATION.exec(titles[at]);
    if (method === undefined) add(others, within[0] ?? topic(file), { behaviour: [...within.slice(1), name].join(': '), file });
    else add(operations, `${method} ${path.replace(/:$/, '')}`, { behaviour: [rest, ...titles.slice(at + 1)].filter((text) => text !== undefined && text !== '').join(': ') || name, file });
  }
  return [
    HEAD,
    '## Paths and methods\n', ...sections(operations, byPath),
    '## Behaviours across paths\n', ...sections(others, byText),
    '## Left out\n', ...leftOut(), '',
  ].join('\n');
}

/** `src/api/web-actions.test.ts`: web actions */
function topic(file) {
  return basename(file, '.test.ts').replaceAll('-', ' ');
}

function add(sections, title, row) {
  if (!sections.has(title)) sections.set(title, []);
  sections.get(title).push(row);
}

function sections(found, order) {
  return [...found].sort(([a], [b]) => order(a, b)).flatMap(([title, rows]) => [
    `### ${escaped(title)}\n`, '| behaviour | proved in |', '|---|---|',
    ...rows.map(({ behaviour, file }) => `| ${escaped(behaviour)} | \`${file}\` |`).sort(byText).filter((row, index, all) => row !== all[index - 1]),
    '',
  ]);
}

function leftOut() {
  const entries = JSON.parse(readFileSync(LEFT_OUT, 'utf8'));
  return ['| what | why |', '|---|---|', ...entries.map(({ what, why }) => `| ${escaped(what)} | ${escaped(why)} |`)];
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function byPath(a, b) {
  const [methodA, pathA] = a.split(' ');
  const [methodB, pathB] = b.split(' ');
  return byText(pathA, pathB) || byText(methodA, methodB);
}

function escaped(text) {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ').replaceAll('<', '&lt;');
}
