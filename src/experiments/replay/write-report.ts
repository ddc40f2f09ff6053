import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { comparePage } from './render/compare-page.ts';
import { reportPage } from './render/page.ts';
import type { ReplayReport } from './replay-report.ts';

/**
 * Writes report.json and report.html into the directory, which is made. Of one replay the JSON is its report; of several
 * it is the array of theirs, and the page sets them side by side.
 * @returns their paths
 */
export async function writeReport(reports: readonly ReplayReport[], directory: string): Promise<{ json: string; html: string }> {
  await mkdir(directory, { recursive: true });
  const paths = { json: path.join(directory, 'report.json'), html: path.join(directory, 'report.html') };
  const [only, ...others] = reports;
  await replaceFile(paths.json, `${reportJson(reports)}\n`);
  await replaceFile(paths.html, only !== undefined && others.length === 0 ? reportPage(only) : comparePage(reports));
  return paths;
}

export function reportJson(reports: readonly ReplayReport[]): string {
  return JSON.stringify(reports.length === 1 ? reports[0] : reports);
}

/** A reader sees the old file or the whole new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
