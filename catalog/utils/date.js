/** The date and time of the node that it runs on. */
function main() {
  return { date: new Date().toISOString() };
}
