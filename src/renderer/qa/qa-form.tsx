import { useState } from 'preact/hooks';
import { CHANNELS, type Channel } from '../../config.ts';
import { findWrongFields, type QaField } from '../../electron/window-schema.ts';
import type { Wording } from '../../texts/texts.ts';
import type { Send } from '../use-requests.ts';
import { type QaEntry, readEntry } from './read-entry.ts';

interface QaFormProps {
  /** Of the last check. */
  readonly manifestUrl: string;
  readonly channel: Channel;
  readonly wording: Wording;
  readonly send: Send;
}

const EMPTY = { rollout: false, skip: false, manifestUrl: '', currentVersion: '', osVersion: '', bucket: '' };

/** What a check may be told to pretend. It decides nothing: what is sent is what was typed. */
export function QaForm({ manifestUrl, channel, wording: { texts }, send }: QaFormProps) {
  const words = texts.qa.form;
  const [entry, setEntry] = useState<QaEntry>({ ...EMPTY, channel });
  const [wrong, setWrong] = useState<readonly QaField[]>([]);
  const change = (part: Partial<QaEntry>): void => setEntry({ ...entry, ...part });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const request = readEntry(entry);
    const found = findWrongFields(request);
    setWrong(found);
    const [first] = found;
    if (first === undefined) send({ kind: 'qa-check', request });
    else document.getElementById(`qa-${first}`)?.focus();
  };
  const field = (name: QaField, label: string, hint: string) => (
    <div class="field">
      <label for={`qa-${name}`}>{label}</label>
      <input
        id={`qa-${name}`}
        type="text"
        inputMode={name === 'manifestUrl' ? 'url' : 'decimal'}
        autocomplete="off"
        spellcheck={false}
        value={entry[name]}
        aria-invalid={wrong.includes(name)}
        aria-describedby={wrong.includes(name) ? `qa-${name}-wrong qa-${name}-hint` : `qa-${name}-hint`}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
      {wrong.includes(name) && (
        <p id={`qa-${name}-wrong`} class="wrong">
          {words.wrong[name]}
        </p>
      )}
      <p id={`qa-${name}-hint`}>{hint}</p>
    </div>
  );
  return (
    <form onSubmit={submit} noValidate aria-labelledby="qa-form-title">
      <h3 id="qa-form-title">{words.title}</h3>
      <label class="check">
        <input
          type="checkbox"
          checked={entry.rollout}
          onChange={({ currentTarget }) => change({ rollout: currentTarget.checked })}
        />
        {words.rollout}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={entry.skip}
          onChange={({ currentTarget }) => change({ skip: currentTarget.checked })}
        />
        {words.skip}
      </label>
      <div class="field">
        <label for="qa-channel">{words.channel}</label>
        <select
          id="qa-channel"
          value={entry.channel}
          onChange={({ currentTarget: { value } }) =>
            change({ channel: CHANNELS.find((name) => name === value) ?? entry.channel })
          }
        >
          {CHANNELS.map((name) => (
            <option key={name} value={name}>
              {texts.channels[name]}
            </option>
          ))}
        </select>
      </div>
      {field('manifestUrl', words.manifest, words.manifestHint({ url: manifestUrl }))}
      {field('currentVersion', words.currentVersion, words.empty)}
      {field('osVersion', words.osVersion, words.empty)}
      {field(
        'bucket',
        words.bucket,
        // As they are typed: nothing that separates thousands.
        words.bucketHint({ least: '0', most: '9999' }),
      )}
      <p class="end">
        <button type="submit">{words.check}</button>
      </p>
    </form>
  );
}
