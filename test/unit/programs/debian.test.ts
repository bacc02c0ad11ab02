import { describe, expect, test } from '@jest/globals';
import { distribution, packagesIn, statusWithout } from '../../../src/sandbox/programs/debian.ts';

describe('distribution', () => {
  test('knows Debian by its own name', () => {
    expect(distribution('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n')).toEqual({
      id: 'debian',
      debianLike: true,
    });
  });

  test('knows a relative of Ubuntu by what it is like', () => {
    expect(distribution('ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toEqual({
      id: 'linuxmint',
      debianLike: true,
    });
  });

  test('takes no other system for Debian', () => {
    expect(distribution('ID=fedora\nID_LIKE="rhel"\n').debianLike).toBe(false);
    expect(distribution('').debianLike).toBe(false);
  });
});

test('package names are read from the lines that apt prints, whatever their versions hold', () => {
  const printed = [
    'Reading package lists...',
    "'http://packages.example/pool/r/redis-server_5%3a7.0.15-1~deb12u7_amd64.deb' redis-server_5%3a7.0.15-1~deb12u7_amd64.deb 72532 SHA256:00",
    "'http://packages.example/pool/l/lua-cjson_2.1.0+dfsg-2.2_amd64.deb' lua-cjson_2.1.0+dfsg-2.2_amd64.deb 19572 SHA256:00",
  ].join('\n');

  expect(packagesIn(printed)).toEqual(['redis-server', 'lua-cjson']);
});

describe('the list of what is installed', () => {
  const status = [
    'Package: zlib1g\nStatus: install ok installed\nSource: zlib',
    'Package: chromium\nStatus: install ok installed\nVersion: 1',
    'Package: chromium-common\nStatus: install ok installed\nSource: chromium (1)',
  ].join('\n\n');

  test('loses a program together with the other packages of its source', () => {
    expect(statusWithout('chromium', status)).toBe(
      'Package: zlib1g\nStatus: install ok installed\nSource: zlib',
    );
  });

  test('stays as it is for a program that is not installed', () => {
    expect(statusWithout('redis-server', status)).toBe(status);
  });
});
