import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QaRequest, WindowRequest } from '../../src/electron/window-contract.ts';
import {
  findWrongFields,
  isHttpsAddress,
  parseWindowModel,
  parseWindowRequest,
} from '../../src/electron/window-schema.ts';
import { makeModel, QA, VIEWS } from '../renderer/sample-models.ts';

const QA_REQUEST: QaRequest = {
  passesOver: { rollout: true, skip: false },
  channel: 'beta',
  manifestUrl: 'https://example.com/manifest.json',
  currentVersion: '2.0.0.45',
  osVersion: '11.0',
  bucket: 9999,
};

const REQUESTS: Readonly<Record<WindowRequest['kind'], WindowRequest>> = {
  check: { kind: 'check' },
  download: { kind: 'download' },
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  cancel: { kind: 'cancel' },
  restart: { kind: 'restart' },
  'install-on-quit': { kind: 'install-on-quit' },
  skip: { kind: 'skip' },
  'set-channel': { kind: 'set-channel', channel: 'beta' },
  'move-to-applications': { kind: 'move-to-applications' },
  'open-app-management': { kind: 'open-app-management' },
  'open-link': { kind: 'open-link', url: 'https://example.com/a?b=c#d' },
  'copy-report': { kind: 'copy-report' },
  close: { kind: 'close' },
  'qa-check': { kind: 'qa-check', request: QA_REQUEST },
};

describe('models', () => {
  it.each(Object.entries(VIEWS))('pass as they are: %s', (_, view) => {
    const model = makeModel(view, { qa: QA });
    expect(parseWindowModel(structuredClone(model))).toEqual(model);
  });

  it.each([
    ['an unknown state', { view: { kind: 'of-tomorrow' } }, 'view.kind'],
    ['something more', { view: { kind: 'idle', more: 1 } }, 'view.more'],
    ['something less', { currentVersion: undefined }, 'currentVersion'],
    ['an unknown channel', { channel: 'nightly' }, 'channel'],
    [
      'a size that is no number',
      { view: { ...VIEWS['available'], offer: { ...Object(VIEWS['available']).offer, size: '1' } } },
      'view.offer.size',
    ],
    [
      'progress without end',
      {
        view: {
          ...VIEWS['downloading'],
          progress: { transferred: 1, total: Number.POSITIVE_INFINITY, bytesPerSecond: 1, secondsLeft: null },
        },
      },
      'view.progress.total',
    ],
    [
      'progress backwards',
      {
        view: {
          ...VIEWS['downloading'],
          progress: { transferred: -1, total: 1, bytesPerSecond: 1, secondsLeft: null },
        },
      },
      'view.progress.transferred',
    ],
  ])('do not pass with %s', (_, wrong, place) => {
    expect(() => parseWindowModel({ ...makeModel({ kind: 'idle' }), ...wrong })).toThrow(`at "${place}"`);
  });
});

describe('requests', () => {
  it.each(Object.entries(REQUESTS))('pass as they are: %s', (_, request) => {
    expect(parseWindowRequest(structuredClone(request))).toEqual(request);
  });

  it.each([
    [{ kind: 'open-link', url: 'http://example.com/' }],
    [{ kind: 'open-link', url: 'javascript:alert(1)' }],
    [{ kind: 'open-link', url: 'https://person:word@example.com/' }],
    [{ kind: 'open-link', url: `https://example.com/${'a'.repeat(8000)}` }],
    [{ kind: 'set-channel', channel: 'nightly' }],
    [{ kind: 'restart', force: true }],
    [{ kind: 'rollback' }],
    [{ kind: '__proto__' }],
    [{}],
    ['check'],
    [null],
    [[]],
    [{ kind: 'qa-check', request: { ...QA_REQUEST, bucket: 1.5 } }],
    [{ kind: 'qa-check', request: { ...QA_REQUEST, bucket: '5' } }],
    [{ kind: 'qa-check', request: { ...QA_REQUEST, manifestUrl: 'file:///etc/passwd' } }],
    [{ kind: 'qa-check', request: { ...QA_REQUEST, architecture: 'arm64' } }],
  ])('do not pass as anything else: %j', (value) => {
    expect(() => parseWindowRequest(value)).toThrow(TypeError);
  });

  it('are refused or understood, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        try {
          expect(Object.keys(REQUESTS)).toContain(parseWindowRequest(value).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});

describe('findWrongFields', () => {
  it('names the fields that a person has to correct', () => {
    expect(findWrongFields(QA_REQUEST)).toEqual([]);
    const wrong = {
      ...QA_REQUEST,
      manifestUrl: 'manifest.json',
      currentVersion: 'v2',
      osVersion: '1.2.3.4.5',
      bucket: Number.NaN,
    };
    expect(findWrongFields(wrong)).toEqual(['manifestUrl', 'currentVersion', 'osVersion', 'bucket']);
    expect(findWrongFields({ ...QA_REQUEST, bucket: 10_000 })).toEqual(['bucket']);
    expect(
      findWrongFields({
        ...QA_REQUEST,
        manifestUrl: null,
        currentVersion: null,
        osVersion: null,
        bucket: null,
      }),
    ).toEqual([]);
  });
});

describe('isHttpsAddress', () => {
  it('takes https alone, with nobody hidden in it', () => {
    expect(isHttpsAddress('https://example.com')).toBe(true);
    for (const address of [
      '',
      'example.com',
      '//example.com',
      'http://example.com',
      'https://a@b.c',
      'https://',
    ]) {
      expect(isHttpsAddress(address), address).toBe(false);
    }
  });
});
