import { randomToken, Sealer, sha256 } from '../../server/secrets';

const sealer = new Sealer('a secret that is long enough for this');

describe('a sealed secret', () => {
  it.each(['', 'token', 'Grüße, 世界', 'x'.repeat(300)])('opens to what was sealed: "%s"', (plain) => {
    expect(sealer.open(sealer.seal(plain))).toBe(plain);
  });

  it('never looks the same twice, nor like what it holds', () => {
    const sealed = sealer.seal('token');
    expect(sealed).not.toBe(sealer.seal('token'));
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('token');
  });

  it.each([0, 12, 28, 32])('does not open once its byte %i was changed', (index) => {
    const bytes = Buffer.from(sealer.seal('token'), 'base64url');
    bytes[index]! ^= 1;
    expect(() => sealer.open(bytes.toString('base64url'))).toThrow();
  });

  it.each([0, 8, 20])('does not open when cut to %i bytes', (length) => {
    const cut = Buffer.from(sealer.seal('token'), 'base64url').subarray(0, length);
    expect(() => sealer.open(cut.toString('base64url'))).toThrow();
  });

  it('does not open under another APP_SECRET', () => {
    expect(() => new Sealer('another secret, as long as the first').open(sealer.seal('token'))).toThrow();
  });
});

describe('a random token', () => {
  it('has 256 bits and is safe in an address', () => {
    const token = randomToken();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(randomToken()).not.toBe(token);
  });

  it('is stored as its SHA-256 in hex', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
