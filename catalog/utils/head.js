/** The first lines, as head(1) gives them. */
function main({ lines = [], num = 1 }) {
  return { lines: lines.slice(0, num), num };
}
