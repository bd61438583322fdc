import { useLayoutEffect, useRef } from 'preact/hooks';
import type { AppFacts, Cell } from '../../run/outcome.ts';
import type { LabReport } from '../lab-report.ts';
import { CommandBlock } from './command-block.tsx';
import { count, number, size } from './format.ts';
import type { ReportIndex } from './index-report.ts';
import { OutcomeMark } from './outcome-mark.tsx';

interface CellDetailsProps {
  readonly cell: Cell;
  readonly index: ReportIndex;
  readonly history: LabReport['history'];
  readonly onClose: () => void;
}

/** Everything about one run. A modal dialog: Escape closes it, and what had the keyboard gets it back. */
export function CellDetails({ cell, index, history, onClose }: CellDetailsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const client = index.clients.find(({ name }) => name === cell.client);
  const offer = index.offers.find(({ name }) => name === cell.offer);
  const host = index.hosts.find(({ name }) => name === cell.host);
  const isWalk = history?.walks.includes(cell) === true;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it; Escape does it by itself
    <dialog
      ref={dialog}
      aria-labelledby="details-title"
      onClose={onClose}
      onClick={({ target, currentTarget }) => {
        if (target === currentTarget) currentTarget.close();
      }}
    >
      <div class="details">
        <header>
          {/* biome-ignore lint/a11y/noAutofocus: what a dialog begins with */}
          <h2 id="details-title" tabIndex={-1} autoFocus>
            <OutcomeMark outcome={cell.outcome} />
            <span class="of">{client?.title ?? cell.client}</span>
          </h2>
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </header>
        <p class="why">{cell.why}</p>
        <dl class="facts">
          <Fact name="Offered" value={offer?.title ?? cell.offer} note={offer?.description ?? ''} />
          <Fact name="Release host" value={host?.title ?? cell.host} note={host?.description ?? ''} />
          <Fact
            name="Client"
            value={
              client === undefined ? cell.client : `macOS ${client.macos}, starts with ${client.installed}`
            }
            note={client?.description ?? ''}
          />
          <Fact name="Last check" value={cell.action} note={cell.reason} isCode />
          <Fact name="Version promised" value={cell.promisedVersion ?? 'None'} />
          <AppFact name="Bytes promised" app={cell.promised} none="None that anybody could have" />
          <AppFact name="Installed in the end" app={cell.installed} none="" />
          <Fact name="Starts on this macOS" value={cell.starts ? 'Yes' : 'No'} />
          <Fact
            name="Downloads"
            value={cell.downloads === 0 ? 'None' : `${number(cell.downloads)}, ${size(cell.artifactBytes)}`}
            note={cell.downloads === 0 ? '' : "Of the lab's small stand-ins, not of the real images."}
          />
        </dl>
        <Checks cell={cell} files={isWalk ? (history?.offered ?? null) : null} />
        {!isWalk && (
          <>
            <h3 id="details-again">Run it again, with every step shown</h3>
            <CommandBlock
              command={`nexy-updater lab --scenario ${quoteArgument(cell.scenario)} --client ${quoteArgument(cell.client)}`}
              label="the command that runs it again"
            />
          </>
        )}
      </div>
    </dialog>
  );
}

/** For a shell that people type into: left alone where nothing in it has a meaning there. */
function quoteArgument(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
  readonly isCode?: boolean;
}

function Fact({ name, value, note = '', isCode = false }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {isCode ? <code>{value}</code> : value}
        {note !== '' && <span class="note">{isCode ? <code>{note}</code> : note}</span>}
      </dd>
    </div>
  );
}

interface AppFactProps {
  readonly name: string;
  readonly app: AppFacts | null;
  readonly none: string;
}

function AppFact({ name, app, none }: AppFactProps) {
  if (app === null) return <Fact name={name} value={none} />;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {app.version}
        <span class="note">needs macOS {app.minimumOs} or later</span>
        <span class="note">
          {app.sha256 === null ? 'there from the start' : <code>sha256 {app.sha256}</code>}
        </span>
      </dd>
    </div>
  );
}

function Checks({ cell, files }: { readonly cell: Cell; readonly files: readonly string[] | null }) {
  const hasManifests = cell.checks.some(({ manifest }) => manifest > 0);
  return (
    <>
      <h3 id="details-checks">{count(cell.checks.length, 'check')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <section class="scroller" aria-labelledby="details-checks" tabIndex={0}>
        <table aria-labelledby="details-checks">
          <thead>
            <tr>
              {hasManifests && <th scope="col">Manifest</th>}
              <th scope="col">Check</th>
              <th scope="col">Action</th>
              <th scope="col">What was said</th>
              <th scope="col" class="number">
                Downloaded
              </th>
              <th scope="col">Installed then</th>
            </tr>
          </thead>
          <tbody>
            {cell.checks.map(({ manifest, check, action, reason, message, artifactBytes, installed }, at) => (
              <tr key={at}>
                {hasManifests && <td>{files?.[manifest] ?? `${manifest + 1}.`}</td>}
                <td class="number">{check}</td>
                <td>
                  <code>{action}</code>
                  <span class="note">
                    <code>{reason}</code>
                  </span>
                </td>
                <td>{message}</td>
                <td class="number">{artifactBytes === 0 ? '–' : size(artifactBytes)}</td>
                <td>{installed === null ? 'as before' : installed.version}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
