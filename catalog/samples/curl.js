/** Fetches what is at a URL, where functions can reach it. */
async function main({ payload }) {
  if (typeof payload !== 'string' || payload === '') return { error: "Expected an argument 'payload' with a host or URL." };
  const response = await fetch(payload.includes('://') ? payload : `http://${payload}`, { signal: AbortSignal.timeout(30000) });
  return { msg: await response.text() };
}
