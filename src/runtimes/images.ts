/**
 * Images that actions name and that need no image here: OpenWhisk's skeletons for executables. `wsk --native` asks for
 * `openwhisk/dockerskeleton`; `openwhisk/actionloop…` are the bare ActionLoop images. Both run an executable `exec` of
 * the action, which does well without a file tree of its own.
 */
const NATIVE_IMAGES = new Set(['openwhisk/dockerskeleton', 'openwhisk/actionloop', 'openwhisk/actionloop-base', 'openwhisk/actionloop-v2']);

/** Whether the action is an executable that the native runtime starts. */
export function nativeImage(image: string): boolean {
  return NATIVE_IMAGES.has(withoutTag(image));
}

/** `[docker.io/]name[:tag]` without the registry and the tag. */
function withoutTag(image: string): string {
  const name = image.replace(/^(?:index\.)?docker\.io\//, '');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
