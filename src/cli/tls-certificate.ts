/** The certificate for HTTPS: the operator's own, or one that the platform signs itself and keeps in the state directory. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import { CommandError, errorText, systemCode } from './command-error.ts';
import type { StateDirectory } from './state-directory.ts';

export interface TlsOptions {
  tlsPort?: number;
  tlsCert?: string;
  tlsKey?: string;
  tlsSelfSigned?: boolean;
}

export interface CertificateAndKey {
  /** PEM. */
  cert: string;
  key: string;
}

const DAY_MS = 86_400_000;
/** Clients refuse certificates of servers that are valid for much longer than two years. */
const VALID_DAYS = 800;
/** Made anew on a start when less is left. */
const RENEW_DAYS = 30;
const CERT_FILE = 'tls-cert.pem';
const KEY_FILE = 'tls-key.pem';

/** Finds contradictions before anything is started. @throws {CommandError} */
export function checkTlsOptions({ tlsPort, tlsCert, tlsKey, tlsSelfSigned }: TlsOptions): void {
  const given = tlsCert !== undefined || tlsKey !== undefined;
  const complaint = tlsPort === undefined && (given || tlsSelfSigned === true) ? '--tls-cert, --tls-key and --tls-self-signed go with --tls-port'
    : (tlsCert === undefined) !== (tlsKey === undefined) ? '--tls-cert and --tls-key go together'
      : given && tlsSelfSigned === true ? '--tls-self-signed does not go with --tls-cert'
        : tlsPort !== undefined && !given && tlsSelfSigned !== true ? '--tls-port needs --tls-cert and --tls-key, or --tls-self-signed'
          : undefined;
  if (complaint !== undefined) throw new CommandError('EUSAGE', complaint, 64);
}

/**
 * @param host that the platform listens on: in the certificate beside the names of this machine
 * @param webDomain below which namespaces have hosts of their own
 * @throws {CommandError} ETLS the files cannot be read or do not belong together, ESTATE
 */
export async function openCertificate(options: TlsOptions, state: StateDirectory, host: string, webDomain?: string): Promise<CertificateAndKey> {
  if (options.tlsCert !== undefined && options.tlsKey !== undefined) {
    return checked({ cert: await read(options.tlsCert), key: await read(options.tlsKey) }, options.tlsCert);
  }
  const names = hostNames(host, webDomain);
  const kept = await keptCertificate(state, names);
  if (kept !== undefined) return kept;
  const made = await selfSigned(names);
  await state.writeSecret(KEY_FILE, made.key);
  await state.writeSecret(CERT_FILE, made.cert);
  return made;
}

function checked(pair: CertificateAndKey, file: string): CertificateAndKey {
  try {
    const certificate = new X509Certificate(pair.cert);
    if (certificate.checkPrivateKey(createPrivateKey(pair.key))) return pair;
  } catch (error) {
    throw new CommandError('ETLS', `${file} and its key cannot be used: ${errorText(error)}`, 78, { cause: error });
  }
  throw new CommandError('ETLS', `the key given by --tls-key is not that of ${file}`, 78);
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError('ETLS', errorText(error), 66, { cause: error });
  }
}

async function keptCertificate(state: StateDirectory, names: readonly string[]): Promise<CertificateAndKey | undefined> {
  try {
    const [cert, key] = [await readFile(state.file(CERT_FILE), 'utf8'), await readFile(state.file(KEY_FILE), 'utf8')];
    const certificate = new X509Certificate(cert);
    const isCurrent = certificate.validToDate.getTime() - Date.now() > RENEW_DAYS * DAY_MS;
    const covers = names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined);
    return isCurrent && covers && certificate.checkPrivateKey(createPrivateKey(key)) ? { cert, key } : undefined;
  } catch (error) {
    // None yet, or one that is broken: a new one does no harm.
    if (systemCode(error) === 'EACCES') throw new CommandError('ESTATE', errorText(error), 73, { cause: error });
    return undefined;
  }
}

function hostNames(host: string, webDomain: string | undefined): string[] {
  const isWildcard = host === '0.0.0.0' || host === '::';
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...(isWildcard ? [] : [host]), ...(webDomain === undefined ? [] : [webDomain, `*.${webDomain}`])])];
}

async function selfSigned(names: readonly string[]): Promise<CertificateAndKey> {
  const now = Date.now();
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'hpcwhisk' }], {
    keyType: 'ec', curve: 'P-256', algorithm: 'sha256',
    // A clock that is a little slow must not refuse it.
    notBeforeDate: new Date(now - DAY_MS), notAfterDate: new Date(now + VALID_DAYS * DAY_MS),
    extensions: [
      // It signs itself, so that a client can be told to trust it, and nothing else.
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })) },
    ],
  });
  return { key, cert };
}
