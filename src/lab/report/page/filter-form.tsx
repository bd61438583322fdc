import type { Outcome } from '../../run/outcome.ts';
import { EVERYTHING, type Filter, WORST } from './filter-rows.ts';
import type { ReportIndex } from './index-report.ts';
import { OutcomeMark } from './outcome-mark.tsx';
import { OUTCOME_ORDER } from './outcome-words.ts';

interface FilterFormProps {
  readonly index: ReportIndex;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

const ORIGINS = { real: 'Real, served once', generated: 'Generated', given: 'Given' } as const;

/** What of the matrix is shown. Every change takes effect at once. */
export function FilterForm({ index, filter, onFilter }: FilterFormProps) {
  const change = (part: Partial<Filter>): void => onFilter({ ...filter, ...part });
  const toggle = (outcome: Outcome): void => {
    const outcomes = new Set(filter.outcomes);
    if (!outcomes.delete(outcome)) outcomes.add(outcome);
    change({ outcomes });
  };
  const named = (items: readonly { readonly name: string; readonly title: string }[]) =>
    items.map(({ name, title }) => ({ value: name, label: title }));
  return (
    <form class="filter" aria-label="Filter of the matrix" onSubmit={(event) => event.preventDefault()}>
      <div class="field search">
        <label for="filter-offer">What is offered</label>
        <input
          id="filter-offer"
          type="search"
          autocomplete="off"
          spellcheck={false}
          placeholder="e.g. 2.0.0.46"
          value={filter.offer}
          onInput={({ currentTarget }) => change({ offer: currentTarget.value })}
        />
      </div>
      <Choice
        id="filter-client"
        label="Client"
        all="All clients"
        value={filter.client}
        options={named(index.clients)}
        onChoose={(client) => change({ client })}
      />
      <Choice
        id="filter-host"
        label="Release host"
        all="All states"
        value={filter.host}
        options={named(index.hosts)}
        onChoose={(host) => change({ host })}
      />
      <Choice
        id="filter-origin"
        label="Origin"
        all="All origins"
        value={filter.origin}
        options={Object.entries(ORIGINS).map(([value, label]) => ({ value, label }))}
        onChoose={(origin) =>
          change({
            origin: origin === 'real' || origin === 'generated' || origin === 'given' ? origin : null,
          })
        }
      />
      <Choice
        id="filter-shows"
        label="Finding or drift shown"
        all="Any or none"
        value={filter.shows}
        options={index.shown.map((code) => ({ value: code, label: code }))}
        onChoose={(shows) => change({ shows })}
      />
      <Choice
        id="filter-group"
        label="Group by"
        all={null}
        value={filter.groupBy}
        options={[
          { value: 'offer', label: 'What is offered' },
          { value: 'host', label: 'Release host' },
        ]}
        onChoose={(groupBy) => change({ groupBy: groupBy === 'host' ? 'host' : 'offer' })}
      />
      <fieldset>
        <legend>Outcome</legend>
        {OUTCOME_ORDER.map((outcome) => (
          <label key={outcome} class="check">
            <input type="checkbox" checked={filter.outcomes.has(outcome)} onChange={() => toggle(outcome)} />
            <OutcomeMark outcome={outcome} />
          </label>
        ))}
      </fieldset>
      <div class="buttons">
        <button type="button" onClick={() => onFilter({ ...WORST, groupBy: filter.groupBy })}>
          Only the worst
        </button>
        <button type="button" onClick={() => onFilter({ ...EVERYTHING, groupBy: filter.groupBy })}>
          Show everything
        </button>
      </div>
    </form>
  );
}

interface ChoiceProps {
  readonly id: string;
  readonly label: string;
  /** The choice that is none; null where one has to be chosen. */
  readonly all: string | null;
  readonly value: string | null;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChoose: (value: string | null) => void;
}

function Choice({ id, label, all, value, options, onChoose }: ChoiceProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value ?? ''}
        onChange={({ currentTarget }) => onChoose(currentTarget.value === '' ? null : currentTarget.value)}
      >
        {all !== null && <option value="">{all}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
