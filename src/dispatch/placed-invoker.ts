/** An invoker as placement sees it; its fields are placement's own to change. */
export interface PlacedInvoker {
  readonly id: string;
  readonly memoryMB: number;
  /** What the calls that it runs leave; idle containers do not count, for they give way. */
  freeMB: number;
  /** Epoch ms; Infinity without an end. */
  leaseEndsAt: number;
  /** Takes new calls. */
  open: boolean;
  /** Its cell in the index and its position there; -1 outside. */
  tier: number;
  bucket: number;
  position: number;
  /** Its idle containers, and their memory. */
  oldestIdle: IdleContainer | undefined;
  youngestIdle: IdleContainer | undefined;
  idleMB: number;
}

/** The idle containers of one key, linked. */
export interface KeyStack {
  readonly key: string;
  top: IdleContainer | undefined;
}

export interface IdleContainer {
  readonly invoker: PlacedInvoker;
  readonly memoryMB: number;
  readonly stack: KeyStack;
  /** Towards the top and the bottom of the key's stack. */
  above: IdleContainer | undefined;
  below: IdleContainer | undefined;
  /** In the invoker's line. */
  older: IdleContainer | undefined;
  younger: IdleContainer | undefined;
}
