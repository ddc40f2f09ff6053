/** Writes a line to its log, and gives nothing back. */
function main({ payload = 'world' }) {
  console.log(`hello ${payload}!`);
  return {};
}
