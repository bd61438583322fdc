import { makePluralize } from './plural.ts';

const plural = makePluralize('en', ['one', 'other']);

export const ENGLISH_QA = {
  title: 'QA',
  intro: 'What is pretended here reaches the decision only. Nobody else sees this panel.',
  form: {
    title: 'Force a check',
    rollout: 'Pass over the rollout',
    skip: 'Pass over a skipped version',
    channel: 'Channel',
    manifest: 'Another manifest',
    manifestHint: ({ url }: { url: string }) => `Empty for the channel’s own. The last check used ${url}`,
    currentVersion: 'Pretend this version of the app',
    osVersion: 'Pretend this macOS',
    bucket: 'Pretend this rollout bucket',
    bucketHint: ({ least, most }: { least: string; most: string }) => `${least} to ${most}`,
    empty: 'Empty for the real one',
    check: 'Check Like This',
    wrong: {
      manifestUrl: 'This is not a web address.',
      currentVersion: 'A version has one to four numbers with dots between them.',
      osVersion: 'A version has one to four numbers with dots between them.',
      bucket: 'A bucket is a whole number from 0 to 9999.',
    },
  },
  decision: {
    title: 'Decision',
    none: 'Nothing has been decided yet.',
    action: 'Action',
    reason: 'Reason',
    message: 'Message',
  },
  facts: {
    title: 'Facts',
    none: 'No facts were gathered yet.',
    name: 'Fact',
    value: 'Value',
    pretended: 'pretended',
  },
  findings: {
    title: (count: number) => plural(count, { one: '# finding', other: '# findings' }),
    none: 'There is nothing to say about the manifest.',
    code: 'Code',
    severity: 'Severity',
    message: 'Message',
  },
  candidates: {
    title: (count: number) => plural(count, { one: '# candidate', other: '# candidates' }),
    none: 'There is nothing to download.',
    kind: 'Kind',
    url: 'Address',
  },
  network: {
    title: (count: number) =>
      plural(count, { one: '# request in the last check', other: '# requests in the last check' }),
    none: 'Nothing was asked for.',
    time: 'Time',
    request: 'Request',
    status: 'Status',
    size: 'Size',
    duration: 'Duration',
    noAnswer: 'no answer',
  },
  journal: {
    title: (count: number) => plural(count, { one: 'Journal: # line', other: 'Journal: # lines' }),
    none: 'Nothing was installed so far.',
  },
  copy: 'Copy Everything',
  copyName: 'Copy Everything as one report',
};
