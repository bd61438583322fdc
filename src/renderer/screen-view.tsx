import type { ComponentChildren, RefObject } from 'preact';
import type { Wording } from '../texts/texts.ts';
import { ActionBar } from './action-bar.tsx';
import { Notes } from './notes.tsx';
import { Progress } from './progress.tsx';
import type { Action, Details, Fact, Screen } from './screen.ts';
import { StateSymbol } from './state-symbol.tsx';

interface ScreenViewProps {
  readonly screen: Screen;
  readonly wording: Wording;
  readonly heading: RefObject<HTMLHeadingElement | null>;
  readonly notice: string | null;
  /** What holds in every state. */
  readonly children: ComponentChildren;
  readonly onAction: (action: Action) => void;
  readonly onLink: (url: string) => void;
}

/** One state of the update: always in the same order, so that it is always found at the same place. */
export function ScreenView({
  screen,
  wording,
  heading,
  notice,
  children,
  onAction,
  onLink,
}: ScreenViewProps) {
  const { texts } = wording;
  return (
    <>
      <div class="state">
        <StateSymbol name={screen.symbol} />
        <div class="words">
          {screen.badge !== null && <p class="badge">{screen.badge}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {screen.title}
          </h1>
          {screen.paragraphs.map((text) => (
            <p key={text}>{text}</p>
          ))}
          {screen.progress !== null && <Progress bar={screen.progress} />}
          {screen.facts.length > 0 && <Facts facts={screen.facts} />}
          {screen.details !== null && (
            <DetailsView key={screen.key} summary={texts.details.summary} details={screen.details} />
          )}
        </div>
      </div>
      {screen.notes !== null && (
        <Notes key={screen.notes.markdown} notes={screen.notes} texts={texts} onLink={onLink} />
      )}
      {children}
      <ActionBar actions={screen.actions} notice={notice} onAction={onAction} />
    </>
  );
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function DetailsView({ summary, details }: { readonly summary: string; readonly details: Details }) {
  return (
    <details>
      <summary>{summary}</summary>
      <p lang="en">{details.message}</p>
      {details.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </details>
  );
}
