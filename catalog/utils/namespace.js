/** In whose namespace it runs: that of whoever invokes it. */
function main() {
  return { namespace: process.env.__OW_NAMESPACE };
}
