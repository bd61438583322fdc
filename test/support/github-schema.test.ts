import { describe, expect, it } from 'vitest';
import { checkAnswer } from './github-schema.ts';

const repository = '/repos/o/r';
const problem = { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' };

describe('the check against GitHub’s schema', () => {
  it('finds the operation that is meant', () => {
    checkAnswer('GET', `${repository}/releases/tags/v1`, 404, problem);
    checkAnswer('GET', `${repository}/git/ref/tags/v1`, 404, problem);
    checkAnswer('DELETE', `${repository}/releases/1`, 204, null);
    expect(() => checkAnswer('GET', `${repository}/relases`, 200, [])).toThrow('GitHub has no GET');
    expect(() => checkAnswer('PUT', `${repository}/releases`, 200, [])).toThrow('GitHub has no PUT');
  });

  it('refuses what GitHub would never answer', () => {
    expect(() => checkAnswer('GET', `${repository}/releases/latest`, 200, {})).toThrow('required property');
    expect(() => checkAnswer('GET', `${repository}/releases`, 200, {})).toThrow('must be array');
    expect(() => checkAnswer('GET', `${repository}/releases/1`, 201, {})).toThrow('never answers 201');
    expect(() => checkAnswer('DELETE', `${repository}/releases/1`, 204, {})).toThrow('without a document');
    const noLink = { message: 'Validation Failed', errors: [{ resource: 'Release' }] };
    expect(() => checkAnswer('POST', `${repository}/releases`, 422, noLink)).toThrow('documentation_url');
  });
});
