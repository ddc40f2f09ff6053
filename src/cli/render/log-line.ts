/** A log line without its time and stream: `2026-01-01T00:00:00.000000000Z stdout: text` is `text`. */
export function withoutStamp(line: string): string {
  return /^\S+ +std(?:out|err): (?<text>.*)$/s.exec(line)?.groups?.['text'] ?? line;
}
