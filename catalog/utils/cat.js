/** Joins lines to one text, as cat(1) does. */
function main({ lines = [] }) {
  return { lines, payload: lines.join('\n') };
}
