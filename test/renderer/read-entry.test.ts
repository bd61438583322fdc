import { describe, expect, it } from 'vitest';
import { findWrongFields } from '../../src/electron/window-schema.ts';
import { type QaEntry, readEntry } from '../../src/renderer/qa/read-entry.ts';

const EMPTY: QaEntry = {
  rollout: false,
  skip: true,
  channel: 'stable',
  manifestUrl: '',
  currentVersion: ' ',
  osVersion: '',
  bucket: '',
};

describe('readEntry', () => {
  it('takes empty fields as nothing pretended', () => {
    expect(readEntry(EMPTY)).toEqual({
      passesOver: { rollout: false, skip: true },
      channel: 'stable',
      manifestUrl: null,
      currentVersion: null,
      osVersion: null,
      bucket: null,
    });
  });

  it('trims what was typed', () => {
    expect(readEntry({ ...EMPTY, osVersion: ' 11.0 ', bucket: ' 0042 ' })).toMatchObject({
      osVersion: '11.0',
      bucket: 42,
    });
  });

  it.each(['1e3', '0x10', '-1', '1.5', '10000', 'ten', '9'.repeat(400)])(
    'finds that %s is no bucket',
    (bucket) => {
      expect(findWrongFields(readEntry({ ...EMPTY, bucket }))).toEqual(['bucket']);
    },
  );
});
