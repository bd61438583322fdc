import type { HistoryReport } from '../lab-report.ts';
import { shortDigest, size } from './format.ts';
import { VERDICT_SYMBOLS } from './timeline.tsx';

/** What the drawing shows, in words. */
export function ManifestTable({ history: { manifests, drifts } }: { readonly history: HistoryReport }) {
  return (
    <>
      <h3 id="manifests">The manifests, and what the doctor says</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller wide" aria-labelledby="manifests" tabIndex={0}>
        <table aria-labelledby="manifests">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Channel</th>
              <th scope="col">Date</th>
              <th scope="col">Verdict</th>
              <th scope="col">Bytes promised</th>
              <th scope="col">Findings</th>
              <th scope="col">Drifts</th>
            </tr>
          </thead>
          <tbody>
            {manifests.map(({ file, version, channel, date, verdict, findings, sha256, size: bytes }) => (
              <tr key={file}>
                <th scope="row">
                  {version ?? 'none'}
                  <span class="note file">{file}</span>
                </th>
                <td>{channel}</td>
                <td>{date === null ? 'none' : date.replace('T', ' ').slice(0, 16)}</td>
                <td>
                  <span class={`mark ${verdict}`}>
                    <span class="symbol" aria-hidden="true">
                      {VERDICT_SYMBOLS[verdict]}
                    </span>
                    {verdict}
                  </span>
                </td>
                <td>
                  {sha256 === null ? 'none' : <code>{shortDigest(sha256)}</code>}
                  {bytes !== null && <span class="note">{size(bytes)}</span>}
                </td>
                <td>
                  {findings.length > 0 && (
                    <details>
                      <summary>
                        <code>{[...new Set(findings.map(({ code }) => code))].join(', ')}</code>
                      </summary>
                      <ul class="sentences">
                        {findings.map(({ code, message }) => (
                          <li key={`${code} ${message}`}>{message}</li>
                        ))}
                      </ul>
                    </details>
                  )}
                </td>
                <td>
                  {drifts.flatMap((drift, at) =>
                    drift.files.includes(file)
                      ? [
                          <span key={at} class="code">
                            {at + 1}. <code>{drift.code}</code>{' '}
                          </span>,
                        ]
                      : [],
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
