import { generate } from 'selfsigned';

/**
 * A key and a certificate for 127.0.0.1 and localhost that nobody trusts by default.
 *
 * @param validity from when until when it is good; from now on where it is left out
 */
export async function makeCertificate(validity?: {
  readonly from: Date;
  readonly until: Date;
}): Promise<{ readonly key: string; readonly cert: string }> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    algorithm: 'sha256',
    ...(validity === undefined ? {} : { notBeforeDate: validity.from, notAfterDate: validity.until }),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
          { type: 2, value: 'release.test' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
