import type { Channel } from '../../config.ts';
import type { QaModel } from '../../electron/window-contract.ts';
import type { Wording } from '../../texts/texts.ts';
import type { Send } from '../use-requests.ts';
import { QaForm } from './qa-form.tsx';
import { QaTable } from './qa-table.tsx';

interface QaPanelProps {
  readonly qa: QaModel;
  readonly channel: Channel;
  readonly wording: Wording;
  readonly send: Send;
}

/** Everything about the last check, and a way to force another one. */
export function QaPanel({ qa, channel, wording, send }: QaPanelProps) {
  const { texts, format } = wording;
  const words = texts.qa;
  const { decision } = qa;
  return (
    <aside class="qa" aria-labelledby="qa-title">
      <h2 id="qa-title">{words.title}</h2>
      <p>{words.intro}</p>
      <QaForm manifestUrl={qa.manifestUrl} channel={channel} wording={wording} send={send} />

      <h3>{words.decision.title}</h3>
      {decision === null ? (
        <p>{words.decision.none}</p>
      ) : (
        <dl class="facts">
          <div>
            <dt>{words.decision.action}</dt>
            <dd>
              <code>{decision.action}</code>
            </dd>
          </div>
          <div>
            <dt>{words.decision.reason}</dt>
            <dd>
              <code>{decision.reason}</code>
            </dd>
          </div>
          <div>
            <dt>{words.decision.message}</dt>
            <dd lang="en">{decision.message}</dd>
          </div>
        </dl>
      )}

      <QaTable
        title={words.facts.title}
        none={words.facts.none}
        columns={[words.facts.name, words.facts.value]}
        rows={qa.facts.map(({ name, value, pretended }) => [
          name,
          pretended ? (
            <>
              {value} <em>{words.facts.pretended}</em>
            </>
          ) : (
            value
          ),
        ])}
      />
      <QaTable
        title={words.findings.title(qa.findings.length)}
        none={words.findings.none}
        columns={[words.findings.code, words.findings.severity, words.findings.message]}
        rows={qa.findings.map(({ code, severity, message }) => [
          code,
          severity,
          <span lang="en" key="message">
            {message}
          </span>,
        ])}
      />
      <QaTable
        title={words.candidates.title(qa.candidates.length)}
        none={words.candidates.none}
        columns={[words.candidates.kind, words.candidates.url]}
        rows={qa.candidates.map(({ kind, url }) => [kind, <code key="url">{url}</code>])}
      />
      <QaTable
        title={words.network.title(qa.network.length)}
        none={words.network.none}
        columns={[
          words.network.time,
          words.network.request,
          words.network.status,
          words.network.size,
          words.network.duration,
        ]}
        rows={qa.network.map(({ at, method, url, status, bytes, milliseconds, error }) => [
          format.clock(at) ?? at,
          <code key="request">
            {method} {url}
          </code>,
          error ?? (status === null ? words.network.noAnswer : String(status)),
          format.size(bytes),
          format.milliseconds(milliseconds),
        ])}
      />

      <h3>{words.journal.title(qa.journal.length)}</h3>
      {qa.journal.length === 0 ? <p>{words.journal.none}</p> : <pre lang="en">{qa.journal.join('\n')}</pre>}
      <p class="end">
        <button type="button" aria-label={words.copyName} onClick={() => send({ kind: 'copy-report' })}>
          {words.copy}
        </button>
      </p>
    </aside>
  );
}
