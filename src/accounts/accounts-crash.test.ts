/**
 * Kills a process that changes accounts, again and again: a key that was told opens its namespace afterwards, and one
 * that was told to be gone opens nothing. Run with a directory as argument, this file is that process.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { systemClock } from '../clock/system-clock.ts';
import { DEFAULT_LIMITS } from '../domain/limits.ts';
import { silentLogger } from '../domain/logger.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { Accounts } from './accounts.ts';

const KILLS = 4;
/** Lines after which the process is killed: each time at another point of its work. */
const LINES = [3, 7, 12, 20];

async function open(directory: string): Promise<{ store: Store; accounts: Accounts }> {
  const store = await openSqliteStore({ directory, logger: silentLogger });
  return { store, accounts: await Accounts.open({ documents: store.documents, secret: 'secret', limits: DEFAULT_LIMITS, clock: systemClock }) };
}

/** Writes one line per change that has been made, `SUBJECT AUTH`, or `SUBJECT -` for a subject that is gone. */
async function changeUntilKilled(directory: string): Promise<never> {
  const { accounts } = await open(directory);
  for (let n = 0; ; n++) {
    const name = `user-${process.pid}-${n}`;
    console.log(`${name} ${(await accounts.create(name)).auth}`);
    if (n % 2 === 0) console.log(`${name} ${(await accounts.rotateKey(name)).auth}`);
    if (n % 3 === 0) {
      await accounts.delete(name);
      console.log(`${name} -`);
    }
  }
}

const [, , given] = process.argv;
if (given !== undefined) {
  await changeUntilKilled(given);
} else {
  it('keeps what was told, whenever the process is killed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-accounts-crash-'));
    const told = new Map<string, string[]>();
    /** Of these subjects a change may have been made that was not told any more. */
    const uncertain = new Set<string>();
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', import.meta.filename, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
        let left = LINES[kill] ?? 1;
        for await (const line of createInterface(child.stdout)) {
          const [name = '', auth = ''] = line.split(' ');
          told.set(name, [...told.get(name) ?? [], auth]);
          left -= 1;
          if (left === 0) child.kill('SIGKILL');
        }
        if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
        assert.equal(child.signalCode, 'SIGKILL');
        uncertain.add([...told.keys()].at(-1) ?? '');
        await check(directory, told, uncertain);
      }
      assert.ok(told.size > KILLS);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}

async function check(directory: string, told: ReadonlyMap<string, readonly string[]>, uncertain: ReadonlySet<string>): Promise<void> {
  const { store, accounts } = await open(directory);
  try {
    for (const [name, auths] of told) {
      const opened = auths.map((auth) => accounts.authenticate(...auth.split(':') as [string, string])?.namespace);
      const exists = accounts.list().some(({ subject }) => subject === name);
      assert.deepEqual(opened.slice(0, -1).filter((namespace) => namespace !== undefined), [], `${name}: a key of before opens something`);
      if (auths.at(-1) === '-') assert.equal(exists, false, `${name} was deleted`);
      else if (uncertain.has(name)) assert.ok(!exists || accounts.get(name).namespaces[0]?.keys.length === 1, `${name} has no key`);
      else assert.equal(opened.at(-1), name);
    }
  } finally {
    await store.close();
  }
}
