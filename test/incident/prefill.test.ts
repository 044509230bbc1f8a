import { describe, expect, test } from '@jest/globals';
import { prefill } from '../../src/incident/prefill.ts';
import { variable } from '../support/builders.ts';
import { ABOUT } from '../support/incidents.ts';

const from = (title: string, ...names: string[]) =>
  Object.fromEntries(
    prefill(
      { ...ABOUT, title },
      names.map((name) => variable(name)),
    ),
  );

describe('what a page says of a runbook’s inputs', () => {
  test('is its service and the labels of its title', () => {
    expect(from('DiskFull host:web-1 namespace="shop"', 'Service Name', 'HOST', 'ns', 'path')).toEqual({
      'Service Name': 'payments-api',
      HOST: 'web-1',
      ns: 'shop',
    });
  });

  test('is nothing where it says nothing', () => {
    expect(from('DiskFull on web-1', 'host', 'pod')).toEqual({});
  });

  test.each(['web-1;reboot', '$(reboot)', '`x`', '-rf', 'a b', '../../etc'])(
    'never brings more than a person may type: %s',
    (value) => {
      const typed = { ...variable('host'), type: 'host' as const };
      const [filled = ''] = prefill({ ...ABOUT, title: `x host:${value}` }, [typed]).values();
      expect(filled).toMatch(/^[A-Za-z0-9._:-]*$/);
      expect(filled.startsWith('-')).toBe(false);
    },
  );

  test('leaves out a service whose name could not be typed', () => {
    expect([...prefill({ ...ABOUT, service: 'Payments API (prod)' }, [variable('service')])]).toEqual([]);
  });
});
