/** Why a store could not be opened, as a code to act upon; the message is one line for whoever started the program. */
export type StoreOpenErrorCode =
  | 'directory-missing'
  | 'directory-not-writable'
  | 'directory-in-use'
  | 'network-file-system'
  /** A file holds something that is not, or no longer, a store's. */
  | 'corrupt'
  /** Written by a newer version of this program. */
  | 'newer-version'
  /** Disk full, or another I/O error. */
  | 'unavailable';

export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError';
  readonly code: StoreOpenErrorCode;

  constructor(code: StoreOpenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One line for an error of the system or of SQLite. */
export function openFailure(code: StoreOpenErrorCode, path: string, error: unknown): StoreOpenError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreOpenError(code, `The store in ${path} cannot be opened: ${reason}`, { cause: error });
}
