import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { reportPage } from './render/page.ts';
import type { ReplayReport } from './replay-report.ts';

/** Writes report.json and report.html into the directory, which is made. @returns their paths */
export async function writeReport(report: ReplayReport, directory: string): Promise<{ json: string; html: string }> {
  await mkdir(directory, { recursive: true });
  const paths = { json: path.join(directory, 'report.json'), html: path.join(directory, 'report.html') };
  await replaceFile(paths.json, `${JSON.stringify(report)}\n`);
  await replaceFile(paths.html, reportPage(report));
  return paths;
}

/** A reader sees the old file or the whole new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
