/**
 * Kills a process that uses a store, again and again, and compares what it was told with what is there afterwards. Run with
 * arguments, this file is that process: `write DIRECTORY DIARY` works until it is killed, `fill DIRECTORY` until the disk is full.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ActivationMessage, ActivationRecord } from '../../domain/activation.ts';
import { newActivationId } from '../../domain/ids.ts';
import { silentLogger } from '../../domain/logger.ts';
import { sampleMessage, sampleRecord } from '../conformance/store-fixtures.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './sqlite-store.ts';

const START = 1_700_000_000_000;
const WAIT_MS = 60_000;

// Sizes vary with the id and the step, so that groups and segments end everywhere.
function messageOf(id: string, step = 0): ActivationMessage {
  return sampleMessage({ activationId: id, acceptedAt: START, args: { step, text: 'a'.repeat((Number.parseInt(id.slice(-3), 16) + step * 500) % 4096) } });
}

function stepOf(args: ActivationMessage['args']): number {
  return Array.isArray(args) ? NaN : Number(args['step']);
}

function recordOf(id: string): ActivationRecord {
  return sampleRecord({ activationId: id, logs: ['l'.repeat(Number.parseInt(id.slice(-3), 16))], start: START + Number.parseInt(id.slice(-5), 16) });
}

/** Diary: `accepting ID`, `accepted ID`, `reaching ID STEP`, `reached ID STEP`, `appending ID`, `appended ID`, `opening`, `open`, one per line. */
async function writeUntilKilled(directory: string, diaryPath: string): Promise<void> {
  const diary = openSync(diaryPath, 'a');
  const note = (...words: string[]): void => { writeSync(diary, `${words.join(' ')}\n`); };
  const accept = async (store: Store, id: string): Promise<void> => {
    note('accepting', id);
    await store.journal.accept(messageOf(id));
    note('accepted', id);
  };
  const append = async (store: Store, id: string): Promise<void> => {
    note('appending', id);
    await store.activations.append(recordOf(id));
    note('appended', id);
  };
  const checkpoint = async (store: Store, id: string, step: number): Promise<void> => {
    note('reaching', id, String(step));
    await store.journal.checkpoint(messageOf(id, step));
    note('reached', id, String(step));
  };
  note('opening');
  const store = await openSqliteStore({ directory, logger: silentLogger, segmentBytes: 60_000 });
  note('open');
  const caller = async (): Promise<never> => {
    for (;;) {
      const id = newActivationId(Date.now());
      if (Math.random() < 0.6) {
        await accept(store, id);
        for (let step = 1; Math.random() < 0.6; step++) await checkpoint(store, id, step);
      }
      if (Math.random() < 0.9) await append(store, id);
      if (Math.random() < 0.05) await append(store, id);
      if (Math.random() < 0.05) await store.activations.get('guest', id);
    }
  };
  const finisher = async (): Promise<void> => {
    for (const { activationId, args } of await store.journal.unfinished()) {
      if (Math.random() < 0.5) await checkpoint(store, activationId, stepOf(args) + 1);
      if (Math.random() < 0.7) await append(store, activationId);
    }
  };
  await Promise.all([...Array.from({ length: 20 }, caller), finisher()]);
}

/** Prints what became of the writes before, while and after the disk was full, as JSON. */
async function fillTheDisk(directory: string): Promise<void> {
  const store = await openSqliteStore({ directory, logger: silentLogger });
  const written: string[] = [];
  const accepted: string[] = [];
  const rejected: string[] = [];
  const errors = new Set<string>();
  const attempt = async (id: string, list: string[], write: Promise<unknown>): Promise<void> => {
    try {
      await write;
      list.push(id);
    } catch (error) {
      rejected.push(id);
      errors.add(String(error));
    }
  };
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round++) {
      const ids = Array.from({ length: 20 }, () => newActivationId(Date.now()));
      await Promise.all(ids.map((id, index) => index % 2 === 0
        ? attempt(id, written, store.activations.append(recordOf(id)))
        : attempt(id, accepted, store.journal.accept(messageOf(id)))));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  while (rejected.length === 0) await rounds(1);
  await rounds(40);
  const rejectedWhenFull = rejected.length;
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited']);
  await rounds(5);
  const visible = (await Promise.all(written.map((id) => store.activations.get('guest', id)))).filter((record) => record !== undefined).length;
  process.stdout.write(JSON.stringify({
    written, accepted, rejected, errors: [...errors], rejectedWhenFull, visible, diskWasFullFor: 'both',
  }));
  // No close: what was confirmed must be there all the same.
  process.kill(process.pid, 'SIGKILL');
}

interface Diary {
  accepting: Set<string>;
  accepted: Set<string>;
  appending: Set<string>;
  appended: Set<string>;
  /** The latest step of a message that a checkpoint was begun of, or confirmed. */
  reaching: Map<string, number>;
  reached: Map<string, number>;
}

function readDiary(path: string): Diary {
  const diary: Diary = { accepting: new Set(), accepted: new Set(), appending: new Set(), appended: new Set(), reaching: new Map(), reached: new Map() };
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  for (const line of lines) {
    const [word, id, step] = line.split(' ');
    if (id === undefined) continue;
    if (word === 'reaching' || word === 'reached') diary[word].set(id, Number(step));
    else diary[word as Exclude<keyof Diary, 'reaching' | 'reached'>].add(id);
  }
  return diary;
}

async function allRecords(store: Store): Promise<ActivationRecord[]> {
  const records = [];
  for (let skip = 0; ; skip += 1000) {
    const page = await store.activations.list({ namespace: 'guest' }, { limit: 1000, skip });
    records.push(...page);
    if (page.length < 1000) return records;
  }
}

/** What was confirmed is there once; what is there was asked for, and is whole. */
async function compare(store: Store, diary: Diary): Promise<void> {
  const records = await allRecords(store);
  const ids = new Set(records.map(({ activationId }) => activationId));
  assert.equal(ids.size, records.length, 'no record is there twice');
  assert.equal(await store.activations.count({ namespace: 'guest' }), records.length);
  for (const id of diary.appended) assert.ok(ids.has(id), `the record ${id} is lost`);
  for (const record of records) {
    assert.ok(diary.appending.has(record.activationId), `nobody wrote the record ${record.activationId}`);
    assert.deepEqual(record, recordOf(record.activationId));
  }
  const messages = await store.journal.unfinished();
  const unfinished = new Set(messages.map(({ activationId }) => activationId));
  assert.equal(unfinished.size, messages.length, 'no message is there twice');
  for (const id of diary.accepted) assert.ok(unfinished.has(id) || ids.has(id), `the message ${id} is lost`);
  for (const message of messages) {
    assert.ok(diary.accepting.has(message.activationId), `nobody accepted ${message.activationId}`);
    assert.ok(!ids.has(message.activationId), `${message.activationId} has a record and is called unfinished`);
    const step = stepOf(message.args);
    assert.deepEqual(message, messageOf(message.activationId, step));
    const [reached = 0, reaching = 0] = [diary.reached.get(message.activationId), diary.reaching.get(message.activationId)];
    assert.ok(step >= reached && step <= reaching, `${message.activationId} is at step ${step}, not between ${reached} and ${reaching}`);
  }
}

function describeCrashes(): void {
  describe('a store whose process is killed', () => {
    let root: string;
    let child: ChildProcess | undefined;
    before(() => { root = mkdtempSync(join(tmpdir(), 'hpcwhisk-crash-')); });
    after(() => {
      child?.kill('SIGKILL');
      rmSync(root, { recursive: true });
    });

    it('loses nothing that was confirmed and doubles nothing, whenever it is killed', { timeout: 10 * WAIT_MS }, async () => {
      const directory = join(root, 'killed');
      const diaryPath = join(root, 'diary');
      mkdirSync(directory);
      for (let round = 0; round < 12; round++) {
        appendFileSync(diaryPath, `round-${round}\n`);
        const from = readFileSync(diaryPath, 'utf8').length;
        // Every third time while it opens, that is, recovers from the kill before; else at work.
        const mark = round % 3 === 2 ? 'opening\n' : 'open\n';
        child = spawn(process.execPath, [import.meta.filename, 'write', directory, diaryPath], { stdio: ['ignore', 'ignore', 'inherit'] });
        const ended = once(child, 'exit');
        await waitUntil(() => readFileSync(diaryPath, 'utf8').includes(mark, from), () => readFileSync(diaryPath, 'utf8').slice(from));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * (round % 3 === 2 ? 150 : 500)));
        if (round === 0) await assert.rejects(openSqliteStore({ directory, logger: silentLogger }), { code: 'directory-in-use' });
        child.kill('SIGKILL');
        await ended;
        if (round % 3 !== 0 && round < 11) continue;
        const store = await openSqliteStore({ directory, logger: silentLogger });
        try {
          await compare(store, readDiary(diaryPath));
        } finally {
          await store.close();
        }
      }
      const diary = readDiary(diaryPath);
      assert.ok(diary.appended.size > 100 && diary.accepted.size > 100 && diary.reached.size > 50, `too little happened: ${diary.appended.size} records, ${diary.accepted.size} messages`);
    });

    it('rejects what a full disk does not take, works again with space, and believes nothing half-written', { timeout: 4 * WAIT_MS }, async () => {
      const directory = join(root, 'full');
      mkdirSync(directory);
      // The limit of a file's size stands for the disk's: it holds for the log and the database alike.
      child = spawn('prlimit', ['--fsize=400000:unlimited', process.execPath, import.meta.filename, 'fill', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => { output += text; });
      await once(child, 'close');
      assert.notEqual(output, '', 'the process with a limited file size said nothing: is prlimit (util-linux) installed?');
      const told = JSON.parse(output) as { written: string[]; accepted: string[]; rejected: string[]; errors: string[]; rejectedWhenFull: number; visible: number };
      assert.ok(told.rejectedWhenFull >= 2, 'records and messages were rejected');
      assert.deepEqual(told.errors, ['StoreUnavailable: The store cannot take writes: EFBIG: file too large, write']);
      assert.equal(told.rejected.length, told.rejectedWhenFull, 'nothing is rejected once there is space again');
      assert.equal(told.visible, told.written.length);
      const store = await openSqliteStore({ directory, logger: silentLogger });
      const all = (ids: string[]): Set<string> => new Set(ids);
      const none = new Map<string, number>();
      await compare(store, { reaching: none, reached: none, accepting: all(told.accepted), accepted: all(told.accepted), appending: all(told.written), appended: all(told.written) })
        .finally(() => store.close());
    });
  });
}

async function waitUntil(holds: () => boolean, state: () => string): Promise<void> {
  const until = Date.now() + WAIT_MS;
  while (!holds()) {
    if (Date.now() > until) throw new Error(`waited for too long; last seen: ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const [, , role, directory, diaryPath] = process.argv;
if (role === 'write' && directory !== undefined && diaryPath !== undefined) await writeUntilKilled(directory, diaryPath);
else if (role === 'fill' && directory !== undefined && existsSync(directory)) await fillTheDisk(directory);
else describeCrashes();
