/**
 * ESLURM: a command of Slurm failed; ECONTROLLER: the controller refused or did not answer; ENOINVOKER: no pilot brought
 * an invoker; EPLAN: what was asked for does not go with the window; EABORTED: the replay was stopped from outside.
 */
export type ReplayErrorCode = 'ESLURM' | 'ECONTROLLER' | 'ENOINVOKER' | 'EPLAN' | 'EABORTED';

export class ReplayError extends Error {
  override readonly name = 'ReplayError';
  readonly code: ReplayErrorCode;

  constructor(code: ReplayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
