import type { Trace } from '../../client/whisk-client.ts';
import { pretty, type Output } from './output.ts';

const BODY_LIMIT = 1000;

/** What --verbose shows of requests and responses; keys are not shown. @param whole bodies in full, as --debug wants them */
export function httpTrace(out: Output, whole: boolean): Trace {
  const body = (text: string): string => whole || text.length <= BODY_LIMIT ? text : `${text.slice(0, BODY_LIMIT)}...`;
  return {
    request({ method, url, headers, body: text }) {
      out.aside(`REQUEST:\n[${method}]\t${url.href}\nReq Headers`);
      out.aside(pretty(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, name === 'authorization' ? 'Basic ******' : value]))));
      if (text !== undefined) out.aside(`Req Body\n${body(withoutSecrets(text))}`);
    },
    reply({ status, headers, text }) {
      out.aside(`RESPONSE:Got response with code ${status}\nResp Headers\n${pretty(headers)}`);
      out.aside(`Response body size is ${Buffer.byteLength(text)} bytes\nResponse body received:\n${body(withoutSecrets(text))}`);
    },
  };
}

/** Feeds and the gateway are sent the caller's key. */
function withoutSecrets(text: string): string {
  return text.replace(/"(password|authKey|authkey)":\s*"[^"]*"/gi, '"$1":"******"');
}
