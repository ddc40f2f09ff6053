/** Where several replays wait for each other, so that what one does at a moment hits all in the same part of theirs. */
export class Meeting {
  readonly #expected: number;
  readonly #rooms = new Map<string, { arrived: number; readonly all: Promise<void>; readonly open: () => void }>();

  /** @param expected how many come to each stage */
  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Resolves when all have come to this stage, or when the signal is aborted: who was expected may never come then. */
  async at(stage: string, signal: AbortSignal): Promise<void> {
    let room = this.#rooms.get(stage);
    if (room === undefined) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      room = { arrived: 0, all: promise, open: () => { resolve(undefined); } };
      this.#rooms.set(stage, room);
    }
    room.arrived++;
    if (room.arrived >= this.#expected || signal.aborted) room.open();
    signal.addEventListener('abort', room.open, { once: true });
    await room.all;
    signal.removeEventListener('abort', room.open);
  }
}
