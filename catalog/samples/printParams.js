/** Writes its parameters to the log, sorted by name, and gives them back in that order. */
function main(args) {
  const params = Object.fromEntries(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
  console.log(`params: ${JSON.stringify(params, null, 2)}`);
  return { params };
}
