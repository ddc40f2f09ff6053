/**
 * Images that actions name (kind `blackbox`), as this site has them. There is no Docker on a cluster's nodes: whoever runs
 * the platform says which image of a container tool stands for which name, and what runs the action in it.
 *
 * Two names need no image: OpenWhisk's skeletons for executables. `wsk --native` asks for `openwhisk/dockerskeleton`;
 * `openwhisk/actionloop…` are the bare ActionLoop images. Both run an executable `exec` of the action, which does well
 * without a file tree of its own.
 */
const NATIVE_IMAGES = new Set(['openwhisk/dockerskeleton', 'openwhisk/actionloop', 'openwhisk/actionloop-base', 'openwhisk/actionloop-v2']);

const IMAGE_RUNTIMES = ['nodejs', 'python', 'native', 'server'] as const;

export interface ConfiguredImage {
  /** Absolute path of a directory or a squashfs file, as Charliecloud's ch-run takes it. */
  readonly charliecloud: string;
  /**
   * What runs the action: our runtime with the image's own Node.js or Python, our native one, or (`server`) the image's
   * own server of OpenWhisk's protocol on port 8080.
   */
  readonly runtime: typeof IMAGE_RUNTIMES[number];
  /** How to start the image's server. */
  readonly command?: readonly string[];
}

/** Images by name: `name:tag`, or a name for all its tags. */
export type ImageCatalogue = ReadonlyMap<string, ConfiguredImage>;

/** The file of images makes no sense: one line for whoever wrote it. */
export class InvalidImages extends Error {
  override readonly name = 'InvalidImages';
}

/** Whether the action is an executable that the native runtime starts. */
export function nativeImage(image: string): boolean {
  return NATIVE_IMAGES.has(withoutTag(plainName(image)));
}

/** The one with this tag (none means `latest`), else the one for any. */
export function findImage(catalogue: ImageCatalogue, image: string): ConfiguredImage | undefined {
  const name = plainName(image);
  return catalogue.get(name) ?? catalogue.get(name === withoutTag(name) ? `${name}:latest` : withoutTag(name));
}

/**
 * @param parsed `{images: {NAME: {charliecloud, runtime?, command?}}}`, as it was read from YAML or JSON
 * @throws {InvalidImages}
 */
export function readImages(parsed: unknown): ImageCatalogue {
  const images = isObject(parsed) ? parsed['images'] : undefined;
  if (!isObject(images)) throw new InvalidImages('The file of images must hold a map "images" of names to images.');
  return new Map(Object.entries(images).map(([name, image]) => [plainName(name), configuredImage(name, image)]));
}

function configuredImage(name: string, image: unknown): ConfiguredImage {
  const wrong = (what: string): InvalidImages => new InvalidImages(`The image ${name}: ${what}.`);
  if (!isObject(image)) throw wrong('it must be a map with "charliecloud"');
  const { charliecloud, runtime = 'server', command, ...rest } = image;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw wrong(`"${unknown}" is not known here (charliecloud, runtime, command are)`);
  if (typeof charliecloud !== 'string' || !charliecloud.startsWith('/')) throw wrong('"charliecloud" must be the absolute path of a directory or a squashfs file');
  const known = IMAGE_RUNTIMES.find((each) => each === runtime);
  if (known === undefined) throw wrong(`"runtime" must be one of ${IMAGE_RUNTIMES.join(', ')}`);
  if (known !== 'server') return { charliecloud, runtime: known };
  if (!Array.isArray(command) || command.length === 0 || !command.every((part): part is string => typeof part === 'string')) {
    throw wrong('its own server needs a "command" (a list of texts), or say which "runtime" is to run its actions');
  }
  return { charliecloud, runtime: known, command };
}

/** Docker Hub's names go without its host. */
function plainName(image: string): string {
  return image.replace(/^(?:index\.)?docker\.io\//, '');
}

function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
