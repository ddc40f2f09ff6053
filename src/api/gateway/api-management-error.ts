/** An API could not be managed as asked: answered as the management actions answer it, with 502 and the text. */
export class ApiManagementError extends Error {
  override readonly name = 'ApiManagementError';
}
