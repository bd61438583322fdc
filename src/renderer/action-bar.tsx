import type { Action } from './screen.ts';

interface ActionBarProps {
  readonly actions: readonly Action[];
  readonly notice: string | null;
  readonly onAction: (action: Action) => void;
}

/** The buttons, in the order of macOS: the default one last, at the right. */
export function ActionBar({ actions, notice, onAction }: ActionBarProps) {
  if (actions.length === 0 && notice === null) return null;
  return (
    <div class="actions" data-actions>
      {notice !== null && <p class="notice">{notice}</p>}
      {actions.map((action) => (
        <button
          key={action.id}
          type="button"
          class={action.isApart === true ? 'apart' : undefined}
          data-action={action.id}
          data-default={action.isDefault}
          aria-label={action.name}
          onClick={() => onAction(action)}
        >
          {action.label}
        </button>
      ))}
    </div>
  );
}
