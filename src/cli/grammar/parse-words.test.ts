import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Flag } from './flag.ts';
import { parseWords } from './parse-words.ts';

const FLAGS: readonly Flag[] = [
  { name: 'param', short: 'p', kind: 'pair', description: '' },
  { name: 'param-file', short: 'P', kind: 'json-file', into: 'param', description: '' },
  { name: 'blocking', short: 'b', kind: 'boolean', description: '' },
  { name: 'result', short: 'r', kind: 'boolean', description: '' },
  { name: 'memory', short: 'm', kind: 'integer', description: '' },
  { name: 'kind', kind: 'text', description: '' },
  { name: 'web', kind: 'optional', description: '' },
  { name: 'del-annotation', kind: 'texts', description: '' },
];
const parse = (line: string): ReturnType<typeof parseWords> => parseWords(line.split(' '), FLAGS);

describe('words', () => {
  it('give a pair flag the two words behind it, whatever they begin with', async () => {
    const { words, flags } = parse('-p a 1 name -p b -5 --param c {"d":[true]} -p e text --param=f null');
    assert.deepEqual(words, ['name']);
    assert.deepEqual(await flags.object('param'), { a: 1, b: -5, c: { d: [true] }, e: 'text', f: null });
  });

  it('merge pairs and files in the order they stand', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hpcwhisk-words-'));
    try {
      const file = join(directory, 'p.json');
      await writeFile(file, '{"a": "file", "b": "file"}');
      assert.deepEqual(await parse(`-p a first -P ${file} -p b last`).flags.object('param'), { a: 'file', b: 'last' });
      await writeFile(file, '[1]');
      await assert.rejects(parse(`-P ${file}`).flags.object('param'), /must hold a JSON object/);
      await writeFile(file, '{');
      await assert.rejects(parse(`-P ${file}`).flags.object('param'), /is invalid JSON/);
      await assert.rejects(parse(`-P ${file}.none`).flags.object('param'), { exitCode: 2 });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('may be written short, long, joined or behind an equals sign', () => {
    const { words, flags } = parse('-br x -m512 --kind=nodejs:24 --del-annotation a --del-annotation b y');
    assert.deepEqual(words, ['x', 'y']);
    assert.ok(flags.on('blocking') && flags.on('result'));
    assert.equal(flags.number('memory'), 512);
    assert.equal(flags.text('kind'), 'nodejs:24');
    assert.deepEqual(flags.texts('del-annotation'), ['a', 'b']);
    assert.equal(parse('--blocking=false').flags.on('blocking'), false);
    assert.equal(parse('-m=7').flags.number('memory'), 7);
    assert.deepEqual(parse('-- -b --kind').words, ['-b', '--kind']);
  });

  it('let --web stand alone', () => {
    assert.equal(parse('--web').flags.text('web'), 'true');
    assert.equal(parse('--web -b').flags.text('web'), 'true');
    assert.equal(parse('--web raw').flags.text('web'), 'raw');
  });

  it('are refused with exit status 2', () => {
    for (const [line, message] of [
      ['--nope', 'unknown flag: --nope'], ['-bx', 'unknown shorthand flag: \'x\' in -bx'], ['-p a', 'Arguments for \'-p\' must be a key/value pair'],
      ['--kind', 'An argument must be provided for \'--kind\''], ['-m x', 'invalid argument "x" for "-m": it must be a whole number'], ['--result=maybe', 'invalid argument "maybe" for "--result": it must be true or false'],
    ] as const) assert.throws(() => parse(line), { message, exitCode: 2 }, line);
  });
});
