/** The kinds of actions that this platform runs, as the API shows them and as the invoker starts them. */
export interface RuntimeKind {
  /** `family:version` as in OpenWhisk. */
  kind: string;
  family: 'nodejs' | 'python';
  /** `family:default` resolves to it. */
  default: boolean;
  deprecated: boolean;
  /** The name that the API root shows as `image`. */
  image: string;
  /** A binary (zip) action must name its `main`. */
  requireMain: boolean;
}

export const RUNTIME_KINDS: readonly RuntimeKind[] = [
  { kind: 'nodejs:24', family: 'nodejs', default: true, deprecated: false, image: 'hpcwhisk/nodejs:24', requireMain: false },
  { kind: 'python:3', family: 'python', default: true, deprecated: false, image: 'hpcwhisk/python:3', requireMain: false },
];

/** Resolves `family:default` and checks that the kind is known. */
export function resolveKind(kind: string): RuntimeKind | undefined {
  const [family, version] = kind.split(':');
  return RUNTIME_KINDS.find((known) => (version === 'default' ? known.family === family && known.default : known.kind === kind));
}
