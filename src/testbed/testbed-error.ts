/** Why a testbed could not be had. `user`: something to correct (packages, directory); `system`: a daemon failed to do its part. */
export class TestbedError extends Error {
  override readonly name = 'TestbedError';
  readonly code: 'TESTBED_PACKAGES_MISSING' | 'TESTBED_DIRECTORY' | 'TESTBED_NODES' | 'TESTBED_NO_PORTS' | 'TESTBED_START' | 'TESTBED_STOP' | 'TESTBED_UNKNOWN_NODE';
  readonly kind: 'user' | 'system';

  constructor(code: TestbedError['code'], kind: TestbedError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.kind = kind;
  }
}
