// A reporter of node:test: one JSON line for each passed test, with the names of the suites around it.
import { relative } from 'node:path';
import { root } from '../install.mjs';

export default async function* proofs(source) {
  const suites = new Map();
  for await (const { type, data } of source) {
    if (type === 'test:start') {
      const names = suites.get(data.file) ?? [];
      names.length = data.nesting;
      names[data.nesting] = data.name;
      suites.set(data.file, names);
    } else if (type === 'test:pass' && data.details?.type !== 'suite' && data.skip === undefined && data.todo === undefined && data.file !== undefined) {
      const within = (suites.get(data.file) ?? []).slice(0, data.nesting);
      yield `${JSON.stringify({ file: relative(root, data.file), within, name: data.name })}\n`;
    }
  }
}
