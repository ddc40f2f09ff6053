/** Sorts lines as texts. */
function main({ lines = [] }) {
  return { lines: lines.sort(), length: lines.length };
}
