/** What callers of compositions and triggers read, in OpenWhisk's words. */

export const SEQUENCE_TOO_LONG = 'Too many actions in the sequence.';
export const SEQUENCE_COMPONENT_MISSING = 'Sequence component does not exist.';
export const SEQUENCE_FAILED = 'Sequence failed.';

export const COMPOSITION_TOO_LONG = 'Too many actions in the composition.';
export const COMPOSITION_FAILED = 'Activation failure during composition.';
/** @param value what the conductor named, as JSON */
export const componentInvalid = (value: string): string => `Failed to parse action name from json value ${value} during composition.`;
/** @param path `namespace/[package/]name` */
export const componentNotFound = (path: string): string => `Failed to resolve action with name '${path}' during composition.`;
/** @param path `namespace/[package/]name` */
export const componentNotAccessible = (path: string): string => `Failed entitlement check for action with name '${path}' during composition.`;

export const ruleInactive = (rule: string, action: string): string => `Rule '${rule}' is inactive, action '${action}' was not activated.`;
