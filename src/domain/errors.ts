/**
 * The catalogue of what a caller can be told. Each condition has a constructor that carries its HTTP status and
 * OpenWhisk's exact text, because clients compare texts. Where OpenWhisk's HTTP framework makes the text
 * ("The request content was malformed:\n…"), that framework's text is used. Anything that is not an ApiError is a bug
 * of ours and is answered with 500 and no detail.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** Response headers that belong to the condition (`WWW-Authenticate`, `Allow`, `Retry-After`). */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, options: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

const CHALLENGE = { headers: { 'www-authenticate': 'Basic realm="OpenWhisk secure realm"' } };

// Who asks

export const authenticationMissing = (): ApiError =>
  new ApiError(401, 'The resource requires authentication, which was not supplied with the request', CHALLENGE);
export const authenticationInvalid = (): ApiError => new ApiError(401, 'The supplied authentication is invalid', CHALLENGE);
/** A web action asks for authentication that the request has not. */
export const webActionUnauthorized = (): ApiError =>
  new ApiError(401, 'The request has not been applied because it lacks valid authentication credentials for the target resource.');
/** `/status` without the administrator's token. */
export const adminTokenInvalid = (): ApiError =>
  new ApiError(401, 'The supplied authentication is invalid', { headers: { 'www-authenticate': 'Bearer realm="hpcwhisk"' } });
/** @param resource `namespace[/package][/name]` */
export const notAuthorized = (resource: string): ApiError =>
  new ApiError(403, `The supplied authentication is not authorized to access '${resource}'.`);

/** The namespace has sent more than it may in this minute. */
export const tooManyRequests = (count: number, allowed: number): ApiError =>
  new ApiError(429, `Too many requests in the last minute (count: ${count}, allowed: ${allowed}).`);
export const tooManyConcurrentRequests = (count: number, allowed: number): ApiError =>
  new ApiError(429, `Too many concurrent requests in flight (count: ${count}, allowed: ${allowed}).`);

// What is asked for

export const resourceDoesNotExist = (): ApiError => new ApiError(404, 'The requested resource does not exist.');
export const namedResourceDoesNotExist = (resource: string): ApiError =>
  new ApiError(404, `The requested resource '${resource}' does not exist.`);
/** No such path in the API. */
export const routeNotFound = (): ApiError => new ApiError(404, 'The requested resource could not be found.');
export const methodNotAllowed = (allowed: readonly string[]): ApiError =>
  new ApiError(405, `HTTP method not allowed, supported methods: ${allowed.join(', ')}`, { headers: { allow: allowed.join(', ') } });
export const resourceAlreadyExists = (): ApiError => new ApiError(409, 'resource already exists');
/** The name is held by an entity of another kind: all four share one key space. */
export const notInThisCollection = (): ApiError => new ApiError(409, 'Resource by this name exists but is not in this collection.');
export const concurrentModification = (): ApiError => new ApiError(409, 'Concurrent modification to resource detected.');

// How it is asked

export const contentMalformed = (detail: string): ApiError =>
  new ApiError(400, `The request content was malformed:\n${detail}`);
const queryMalformed = (parameter: string, detail: string): ApiError =>
  new ApiError(400, `The query parameter '${parameter}' was malformed:\n${detail}`);
export const urlMalformed = (): ApiError => new ApiError(400, 'Illegal request-target: it is not a valid URL path');
export const urlTooLong = (limit: number): ApiError =>
  new ApiError(414, `URI length exceeds the configured limit of ${limit} characters`);
export const contentTypeNotSupported = (contentType: string | undefined): ApiError =>
  new ApiError(415, `The request's Content-Type${contentType === undefined ? '' : ` [${contentType}]`} is not supported. Expected:\napplication/json`);
/** @param field `Request`, `exec`, `parameters` or `annotations`; sizes in bytes */
export const entityTooBig = (field: string, is: number, allowed: number): ApiError =>
  new ApiError(413, `${field} larger than allowed: ${is} > ${allowed} bytes.`);
/** @param what `Name segement` (sic) or `Namespace` */
export const nameTooLong = (what: 'Name segement' | 'Namespace', is: number, allowed: number): ApiError =>
  new ApiError(400, `${what} longer than allowed: ${is} > ${allowed}.`);
export const entityNameIllegal = (): ApiError => new ApiError(400, 'The name of the entity contains illegal characters.');
export const namespaceIllegal = (): ApiError => new ApiError(400, 'The namespace contains illegal characters.');

// Query parameters

export const notABoolean = (parameter: string, value: string): ApiError =>
  queryMalformed(parameter, `'${value}' is not a valid Boolean value`);
export const notAnInteger = (parameter: string, value: string, collection: string): ApiError =>
  queryMalformed(parameter, `The value '${value}' is not an integer for ${collection}.`);
export const listLimitOutOfRange = (value: number, max: number, collection: string): ApiError =>
  queryMalformed('limit', `The value '${value}' is not in the range of 0 to ${max} for ${collection}.`);
export const listSkipOutOfRange = (value: number, collection: string): ApiError =>
  queryMalformed('skip', `The value '${value}' is not greater than or equal to 0 for ${collection}.`);
export const invalidTimeout = (maxMs: number): ApiError =>
  queryMalformed('timeout', `Timeout must be number of milliseconds up to ${maxMs}.`);
export const badEpoch = (parameter: string, value: string): ApiError =>
  queryMalformed(parameter, `Parameter is not a valid value for epoch seconds: ${value}`);
export const badNameFilter = (value: string): ApiError =>
  queryMalformed('name', `Parameter may be a 'simple' name or 'package-name/simple' name: ${value}`);
export const docsNotAllowedWithCount = (): ApiError => new ApiError(400, "The parameter 'docs' is not permitted with 'count'.");

// Actions

export const execUndefined = (): ApiError => new ApiError(400, 'exec undefined');
export const runtimeUnknown = (kind: string, known: readonly string[]): ApiError =>
  contentMalformed(`The specified runtime '${kind}' is not supported by this platform. Valid values are: ${known.map((name) => `'${name}'`).join(', ')}.`);
export const runtimeDeprecated = (kind: string): ApiError =>
  new ApiError(400, `The '${kind}' runtime is no longer supported. You may read and delete but not update or invoke this action.`);
export const codeIsNoArchive = (): ApiError => contentMalformed("'code' is binary (base64) but neither a zip nor a tar.gz archive");
/** @param text says which limit and threshold */
export const limitOutOfRange = (text: string): ApiError => new ApiError(400, text);
/** A payload sets a parameter that the action has marked as final, or a reserved `__ow_` property. */
export const parametersNotAllowed = (): ApiError =>
  new ApiError(400, 'Request defines parameters that are not allowed (e.g., reserved properties).');

// Sequences

export const sequenceTooLong = (): ApiError => new ApiError(400, 'Too many actions in the sequence.');
export const sequenceWithoutComponent = (): ApiError => new ApiError(400, 'No component specified for the sequence.');
export const sequenceCyclic = (): ApiError => new ApiError(400, 'Sequence may not refer to itself.');
export const sequenceComponentMissing = (): ApiError => new ApiError(400, 'Sequence component does not exist.');

// Packages, triggers and rules

export const bindingDoesNotExist = (): ApiError => new ApiError(400, 'Binding references a package that does not exist.');
export const bindingToBinding = (): ApiError => new ApiError(400, 'Cannot bind to another package binding.');
export const bindingToNoPackage = (): ApiError => new ApiError(409, 'Cannot bind to a resource that is not a package.');
export const packageCannotBecomeBinding = (): ApiError =>
  new ApiError(409, 'Resource is a package and cannot be converted into a binding.');
export const notAllowedOnBinding = (): ApiError => new ApiError(400, 'Operation not permitted on package binding.');
export const packageNameReserved = (name: string): ApiError => new ApiError(400, `Package name '${name}' is reserved.`);
export const packageNotEmpty = (entities: number): ApiError => new ApiError(
  409, `Package not empty (contains ${entities} ${entities === 1 ? 'entity' : 'entities'}). Set force param or delete package contents.`,
);
export const feedNameInvalid = (): ApiError => new ApiError(400, 'Feed name is not valid');
export const ruleIncomplete = (): ApiError => new ApiError(400, 'rule requires a valid trigger and a valid action');
/** @param what `trigger` or `action` @param path without the first slash */
export const ruleRefersToMissing = (what: 'trigger' | 'action', path: string): ApiError => new ApiError(400, `${what} /${path} does not exist`);
export const ruleWithoutTrigger = (): ApiError => new ApiError(404, 'Only rules with existing triggers can be activated');
export const ruleStatusUnknown = (status: string): ApiError => contentMalformed(`'${status}' is not a recognized rule state`);

// Activations

export const activationIdLength = (length: number): ApiError =>
  new ApiError(400, `Activation id length is ${length} but must be 32.`);
export const activationIdIllegal = (): ApiError => new ApiError(400, 'The activation id is not valid.');

// Answers of web actions

export const responseNotReady = (): ApiError => new ApiError(202, 'Response not yet ready.');
export const errorProcessingRequest = (): ApiError => new ApiError(400, 'There was an error processing your request.');
export const propertyNotFound = (): ApiError => new ApiError(404, 'Response does not include requested property.');
export const invalidMedia = (mediaType: string): ApiError => new ApiError(400, `Response is not valid '${mediaType}'.`);
export const unknownResponseContentType = (): ApiError => new ApiError(400, 'Response did not specify a known content-type.');
export const responseNotAcceptable = (contentType: string): ApiError =>
  new ApiError(406, `Resource representation is only available with these types:\n${contentType}`);
export const responseContentTypeMismatch = (): ApiError =>
  new ApiError(400, 'Response type in header did not match generated content type.');

/** An operation of an API whose definition names no web action of this platform. */
export const noGatewayBackend = (): ApiError => new ApiError(502, 'The API names no web action of this platform for this operation.');

// Our own troubles

export const platformOverloaded = (retryAfterSeconds: number): ApiError =>
  new ApiError(503, 'The server is currently unavailable (because it is overloaded or down for maintenance).', {
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
/** The controller is about to stop: the connection is of no further use. */
export const platformStopping = (retryAfterSeconds: number): ApiError =>
  new ApiError(503, platformOverloaded(retryAfterSeconds).message, { headers: { 'retry-after': String(retryAfterSeconds), connection: 'close' } });
export const storeUnavailable = (cause: unknown): ApiError =>
  new ApiError(503, 'The store cannot take writes at the moment (disk full, read-only or failing): nothing was changed or accepted.', { cause });
export const internalError = (cause: unknown): ApiError =>
  new ApiError(500, 'There was an internal server error.', { cause });
