import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const DIRECTORIES = ['usr/bin', 'usr/lib', 'lib', 'lib64', 'etc', 'dev', 'proc', 'sys', 'tmp', 'mnt', 'home', 'root', 'var/tmp', 'run'];
const PROGRAMS = ['/bin/sh', '/usr/bin/env', '/bin/sleep', '/usr/bin/setsid', '/bin/cat', '/bin/ls', '/usr/bin/id', '/bin/dd', '/usr/bin/python3'];
/** Of Python's library, what -S needs and the runtime loads. */
const PYTHON_PARTS = /\.py$|^(?:encodings|collections|json|importlib|re|lib-dynload|email|urllib|http|html)$/;

/**
 * Makes an image directory of this machine's own files: a shell, a few tools and Python.
 * @param also further programs, whose libraries are copied as well
 */
export function makeSmallImage(directory: string, also: readonly string[] = []): void {
  for (const name of DIRECTORIES) mkdirSync(join(directory, name), { recursive: true });
  symlinkSync('usr/bin', join(directory, 'bin'));
  for (const name of ['passwd', 'group', 'hosts', 'resolv.conf']) writeFileSync(join(directory, 'etc', name), '');
  writeFileSync(join(directory, 'etc/image'), 'small\n');
  for (const program of PROGRAMS) copyProgram(program, join(directory, 'usr/bin', basename(program)), directory);
  for (const program of also) copyLibraries(program, directory);
  const python = realpathSync('/usr/bin/python3');
  const library = join('/usr/lib', basename(python));
  for (const name of readdirSync(library).filter((each) => PYTHON_PARTS.test(each))) {
    cpSync(join(library, name), join(directory, library, name), { recursive: true, dereference: true });
  }
}

function copyProgram(from: string, to: string, directory: string): void {
  cpSync(realpathSync(from), to);
  copyLibraries(from, directory);
}

function copyLibraries(program: string, directory: string): void {
  for (const [, path = ''] of execFileSync('ldd', [realpathSync(program)], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) {
    const target = join(directory, path);
    if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(realpathSync(path), target);
  }
}
