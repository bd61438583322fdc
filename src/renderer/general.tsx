import { useLayoutEffect, useRef } from 'preact/hooks';
import { CHANNELS, type Channel } from '../config.ts';
import type { WindowModel } from '../electron/window-contract.ts';
import type { Wording } from '../texts/texts.ts';
import type { Send } from './use-requests.ts';

interface GeneralProps {
  readonly model: WindowModel;
  readonly wording: Wording;
  readonly now: Date;
  readonly send: Send;
}

/** What holds in every state: the installed version, when was last looked for a newer one, and the channel. */
export function General({ model, wording, now, send }: GeneralProps) {
  const { texts } = wording;
  return (
    <div class="general">
      <dl class="facts">
        <div>
          <dt>{texts.facts.installed}</dt>
          <dd>{model.currentVersion}</dd>
        </div>
        <div>
          <dt>{texts.facts.checked}</dt>
          <dd>{describeLastCheck(model.lastCheckedAt, wording, now)}</dd>
        </div>
      </dl>
      <ChannelChoice model={model} wording={wording} send={send} />
    </div>
  );
}

function describeLastCheck(iso: string | null, { texts, format }: Wording, now: Date): string {
  if (iso === null) return texts.facts.never;
  const ago = format.ago(iso, now);
  const date = format.dateAndTime(iso);
  return ago === null || date === null ? texts.facts.never : texts.facts.when({ ago, date });
}

function ChannelChoice({ model, wording: { texts }, send }: Omit<GeneralProps, 'now'>) {
  const select = useRef<HTMLSelectElement>(null);
  const { channel, managed } = model;
  const isManaged = managed.channel !== null || managed.updatesOff;
  // What is chosen here holds only once the main process says so.
  useLayoutEffect(() => {
    if (select.current !== null) select.current.value = channel;
  });
  return (
    <div class="channel">
      <label for="channel">{texts.facts.channel}</label>
      <select
        id="channel"
        ref={select}
        disabled={isManaged}
        aria-describedby={isManaged ? 'channel-hint' : undefined}
        onChange={({ currentTarget }) =>
          send({ kind: 'set-channel', channel: asChannel(currentTarget.value) })
        }
      >
        {CHANNELS.map((name) => (
          <option key={name} value={name}>
            {texts.channels[name]}
          </option>
        ))}
      </select>
      {isManaged && <p id="channel-hint">{texts.facts.channelManaged}</p>}
    </div>
  );
}

function asChannel(value: string): Channel {
  return CHANNELS.find((name) => name === value) ?? 'stable';
}
