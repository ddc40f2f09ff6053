/**
 * The kinds of actions that this platform runs, as the API shows them and as the invoker starts them. Beside them there
 * is `blackbox`: an action in an image (see images.ts).
 */
export interface RuntimeKind {
  /** `family:version` as in OpenWhisk. */
  kind: string;
  family: 'nodejs' | 'python';
  /** What stands behind the colon: a major version of Node.js; a version of Python, where `3` means whichever the node has. */
  version: string;
  /** `family:default` resolves to it. */
  default: boolean;
  deprecated: boolean;
  /** The name that the API root shows as `image`. */
  image: string;
  /** A binary (zip) action must name its `main`. */
  requireMain: boolean;
}

export const RUNTIME_KINDS: readonly RuntimeKind[] = [
  runtimeKind('nodejs', '20'),
  runtimeKind('nodejs', '22'),
  runtimeKind('nodejs', '24', { default: true }),
  runtimeKind('python', '3', { default: true }),
  ...['3.9', '3.10', '3.11', '3.12', '3.13'].map((version) => runtimeKind('python', version)),
];

/** Those of which an invoker keeps stem cells unless it is told otherwise: each costs memory that actions could use. */
export const STEM_CELL_KINDS: readonly string[] = RUNTIME_KINDS.filter((known) => known.default).map(({ kind }) => kind);

/** Resolves `family:default` and checks that the kind is known. */
export function resolveKind(kind: string): RuntimeKind | undefined {
  const [family, version] = kind.split(':');
  return RUNTIME_KINDS.find((known) => (version === 'default' ? known.family === family && known.default : known.kind === kind));
}

function runtimeKind(family: RuntimeKind['family'], version: string, rest: { default?: boolean } = {}): RuntimeKind {
  const kind = `${family}:${version}`;
  return { kind, family, version, default: rest.default ?? false, deprecated: false, image: `hpcwhisk/${kind}`, requireMain: false };
}
