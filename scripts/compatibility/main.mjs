// `npm run compatibility`: runs the tests that speak of OpenWhisk's surface and writes the table of what they prove.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../install.mjs';
import { compatibilityTable, TABLE } from './table.mjs';

const directory = mkdtempSync(join(tmpdir(), 'hpcwhisk-compatibility-'));
const proofs = join(directory, 'proofs');
try {
  const tests = spawnSync(process.execPath, [join(root, 'scripts/test.mjs')], { cwd: root, stdio: 'inherit', env: { ...process.env, HPCWHISK_PROOFS: proofs } });
  if (tests.status !== 0) {
    console.error('Tests failed: the table is left as it was.');
    process.exitCode = 1;
  } else {
    writeFileSync(TABLE, compatibilityTable(readFileSync(proofs, 'utf8')));
    console.log(`Written: ${TABLE}`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
