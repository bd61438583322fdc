import type { ProgressBar } from './screen.ts';

/** How far a work is; where nobody knows, that it goes on. */
export function Progress({ bar }: { readonly bar: ProgressBar }) {
  const { label, fraction, spoken, details } = bar;
  return (
    <div class="progress">
      {fraction === null ? (
        <progress key="unknown" aria-label={label} />
      ) : (
        <progress
          key="known"
          aria-label={label}
          aria-valuetext={spoken ?? undefined}
          value={fraction}
          max={1}
        />
      )}
      {details.length > 0 && (
        <ul>
          {details.map((text, index) => (
            <li key={index}>{text}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
