import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compressHostList, expandHostList, HostListError } from './host-list.ts';

describe('expandHostList', () => {
  const cases: [string, string[]][] = [
    ['', []],
    ['n1', ['n1']],
    ['n1,login', ['n1', 'login']],
    ['n[1-3]', ['n1', 'n2', 'n3']],
    ['n[1-2,5]', ['n1', 'n2', 'n5']],
    ['p[0396-0397,0410]', ['p0396', 'p0397', 'p0410']],
    ['n[08-11]', ['n08', 'n09', 'n10', 'n11']],
    ['n[9-11]', ['n9', 'n10', 'n11']],
    ['a[1-2],b[3]', ['a1', 'a2', 'b3']],
    ['rack[0-1]n[0-1]', ['rack0n0', 'rack0n1', 'rack1n0', 'rack1n1']],
    ['n[1-2]-ib', ['n1-ib', 'n2-ib']],
    ['n1, n2', ['n1', 'n2']],
  ];
  for (const [text, hosts] of cases) {
    it(`reads "${text}"`, () => { assert.deepEqual(expandHostList(text), hosts); });
  }

  for (const text of ['n[1-3', 'n1]', 'n[[1]]', 'n[3-1]', 'n[a-b]', 'n[]', 'n1,,n2', 'n1,', 'n[1-99999999]', 'n[1-', 'a b', 'n[-1]']) {
    it(`refuses "${text}"`, () => { assert.throws(() => expandHostList(text), HostListError); });
  }
});

describe('compressHostList', () => {
  const cases: [string[], string][] = [
    [[], ''],
    [['n1'], 'n1'],
    [['n3', 'n1', 'n2', 'n2'], 'n[1-3]'],
    [['n1', 'n3', 'login'], 'login,n[1,3]'],
    [['n9', 'n10'], 'n[9-10]'],
    [['n09', 'n10', 'n11'], 'n[09-11]'],
    [['n9', 'n09'], 'n[9,09]'],
    [['a1', 'a2', 'b1'], 'a[1-2],b1'],
    [['12', '13'], '[12-13]'],
  ];
  for (const [hosts, text] of cases) {
    it(`writes ${JSON.stringify(hosts)}`, () => { assert.equal(compressHostList(hosts), text); });
  }

  it('is undone by expandHostList, whatever the hosts', () => {
    const number = fc.oneof(
      fc.integer({ min: 0, max: 120 }).map(String),
      fc.integer({ min: 0, max: 120 }).map((value) => String(value).padStart(3, '0')),
      fc.integer({ min: 95, max: 105 }).map((value) => String(value).padStart(2, '0')),
      fc.constant(''),
    );
    const host = fc.tuple(fc.constantFrom('n', 'p', 'gpu-', 'rack1n'), number).map(([prefix, digits]) => prefix + digits);
    fc.assert(fc.property(fc.array(host), (hosts) => {
      const expanded = expandHostList(compressHostList(hosts));
      assert.deepEqual(expanded.toSorted(), [...new Set(hosts)].toSorted());
    }), { numRuns: 2000 });
  });

  it('keeps numbers of any length apart', () => {
    const hosts = ['n12345678901234567890', 'n12345678901234567891'];
    assert.deepEqual(expandHostList(compressHostList(hosts)), hosts);
  });
});

it('reads any text or refuses it by name', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('n', '1', '0', '[', ']', '-', ',', ' ') }), (text) => {
    try {
      expandHostList(text);
    } catch (error) {
      assert.ok(error instanceof HostListError);
    }
  }), { numRuns: 3000 });
});
