/** An account cannot be changed or found as it was asked; the message is for whoever asked. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  /** EUSAGE and EAUTH: asked wrongly; ENOENT: not there; EEXISTS: there already. */
  readonly code: 'EUSAGE' | 'EAUTH' | 'ENOENT' | 'EEXISTS';

  constructor(code: AccountError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
